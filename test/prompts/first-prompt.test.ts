import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uniformIntegers } from '../../src/peft/random.ts';
import { type FirstPrompt, firstPrompt } from '../../src/prompts/first-prompt.ts';
import type { InitSources } from '../../src/prompts/initialise.ts';
import { refused } from '../formats/files.ts';
import { TINY } from './samples.ts';

const DIM = TINY.tokenDim;
/** Row of token i: i, i + 1, ... */
const sources: InitSources = {
  model: TINY,
  tokenize: (text) => [...Buffer.from(text)],
  embedding: (id) => Float32Array.from({ length: DIM }, (_, column) => id + column),
};

/** The first element of each row, and a check that the others follow. */
async function ids(how: FirstPrompt, count: number): Promise<number[]> {
  const rows = await firstPrompt(how, count, sources);
  assert.equal(rows.length, count * DIM);
  return Array.from({ length: count }, (_, row) => {
    const first = rows[row * DIM]!;
    assert.equal(rows[row * DIM + DIM - 1], first + DIM - 1);
    return first;
  });
}

test('class labels: the mean of the tokens of each, then rows of the vocabulary', async () => {
  const drawn = uniformIntegers(5, TINY.vocabSize, 3);
  const labels = [[10], [20, 31], [7, 8, 9]];
  assert.deepEqual(await ids({ init: 'CLASS_LABELS', labels, seed: 3 }, 5), [10, 25.5, 8, ...drawn.slice(3)]);
  assert.deepEqual(await ids({ init: 'CLASS_LABELS', labels, seed: 3 }, 2), [10, 25.5]);
});

test("another prompt's rows are taken, cut or repeated", async () => {
  const rows = await firstPrompt({ init: 'TEXT', text: 'abc' }, 3, sources);
  assert.deepEqual(await ids({ init: 'PROMPT', rows }, 3), [97, 98, 99]);
  assert.deepEqual(await ids({ init: 'PROMPT', rows }, 2), [97, 98]);
  assert.deepEqual(await ids({ init: 'PROMPT', rows }, 5), [97, 98, 99, 97, 98]);
  const copy = await firstPrompt({ init: 'PROMPT', rows }, 3, sources);
  assert.notEqual(copy.buffer, rows.buffer);
});

test("PEFT's initialisations pass through", async () => {
  assert.deepEqual(await ids({ init: 'TEXT', text: 'ab' }, 3), [97, 98, 97]);
  assert.deepEqual(await ids({ init: 'SAMPLE_VOCAB', seed: 4 }, 2), uniformIntegers(2, TINY.vocabSize, 4));
});

test('refusals', async () => {
  const labels = { init: 'CLASS_LABELS', labels: [[]], seed: 0 } as const;
  await assert.rejects(firstPrompt(labels, 2, sources), refused('init_labels_empty', 'invalid'));
  for (const length of [0, DIM + 1]) {
    const how = { init: 'PROMPT', rows: new Float32Array(length) } as const;
    await assert.rejects(firstPrompt(how, 2, sources), refused('init_prompt_shape', 'invalid'));
  }
  await assert.rejects(
    firstPrompt(labels, 0, sources),
    refused('num_virtual_tokens_out_of_range', 'invalid'),
  );
});
