import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MASKED } from '../../src/families/decoder.ts';
import { biasWithin, promptBiasWithin, textBiasWithin } from '../../src/families/window.ts';
import { input } from '../../src/graph/index.ts';
import { evaluate, floats, ints } from '../graph/run-graph.ts';

const WINDOW = 3;

/** What the window leaves of a mask of zeros: whether each key, by position, is seen from each query. */
const seenFrom = (queries: readonly number[], keys: readonly number[]): boolean[] =>
  queries.flatMap((query) => keys.map((key) => query - key < WINDOW));

const seenIn = (bias: readonly number[]): boolean[] =>
  bias.map((value) => {
    assert.ok(value === 0 || value <= MASKED, `${value}`);
    return value === 0;
  });

const count = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);

/** Position ids of two rows: one that goes on linearly, and one of branches that all start at 6. */
const rows = [count(5, 4), [4, 5, 6, 7, 6]];

for (const past of [0, 4]) {
  test(`serving: keys out of the window are masked, whatever stands beside them; past of ${past}`, async () => {
    const bias = input('bias', 'float32', ['batch', 1, 'sequence', 'past + sequence']);
    const positionIds = input('position_ids', 'int64', ['batch', 'sequence']);
    const pastKeys = input('past_keys', 'float32', ['batch', 2, 'past', 4]);
    const { dims, data } = await evaluate(
      [bias, positionIds, pastKeys],
      biasWithin(bias, positionIds, pastKeys, WINDOW),
      {
        bias: floats([2, 1, 5, past + 5], new Float32Array(10 * (past + 5))),
        position_ids: ints([2, 5], rows.flat()),
        past_keys: floats([2, 2, past, 4], new Float32Array(16 * past)),
      },
    );
    assert.deepEqual(dims, [2, 1, 5, past + 5]);
    const expected = rows.flatMap((positions) => seenFrom(positions, [...count(past), ...positions]));
    assert.deepEqual(seenIn(data), expected);
  });
}

test('training: the prompt is seen through the window by itself and by the texts', async () => {
  const [prompt, sequence] = [4, 5];
  const promptBias = input('prompt_bias', 'float32', ['prompt', 'prompt']);
  const ofPrompt = await evaluate([promptBias], promptBiasWithin(promptBias, WINDOW), {
    prompt_bias: floats([prompt, prompt], new Float32Array(prompt ** 2)),
  });
  assert.deepEqual(seenIn(ofPrompt.data), seenFrom(count(prompt), count(prompt)));

  const textBias = input('text_bias', 'float32', ['rows', 'sequence', 'prompt + sequence']);
  const promptRows = input('prompt', 'float32', ['prompt', 2]);
  const positions = input('positions', 'int64', ['rows', 'sequence']);
  const ofTexts = await evaluate(
    [textBias, promptRows, positions],
    textBiasWithin(textBias, promptRows, positions, WINDOW),
    {
      text_bias: floats(
        [2, sequence, prompt + sequence],
        new Float32Array(2 * sequence * (prompt + sequence)),
      ),
      prompt: floats([prompt, 2], new Float32Array(2 * prompt)),
      positions: ints([2, sequence], rows.flat()),
    },
  );
  const expected = rows.flatMap((positions) => seenFrom(positions, [...count(prompt), ...positions]));
  assert.deepEqual(seenIn(ofTexts.data), expected);
});
