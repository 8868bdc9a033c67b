import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LlamaConfig } from '../../src/families/decoder.ts';
import { type Decoded, type DecodedRow, openTinyDecoder } from './decode-loop.ts';
import { TINY } from './tiny-model.ts';

/** Prompts of different lengths, one of a single token, whose past is empty. */
const PROMPTS = [[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8], [11], [27, 18, 28, 18]] as const;
const STEPS = 6;

/** The same tokens, and the same numbers but for the order in which they were added. */
function assertSame(actual: readonly Decoded[], expected: readonly Decoded[]): void {
  assert.deepEqual(
    actual.map(({ chosen }) => chosen),
    expected.map(({ chosen }) => chosen),
  );
  for (const [row, { past }] of expected.entries()) {
    const [a, b] = [actual[row]!.past.flat(3), past.flat(3)];
    assert.equal(a.length, b.length, 'the cache has grown by as many positions');
    assert.ok(
      a.every((value, at) => Math.abs(value - b[at]!) < 1e-5),
      `row ${row}`,
    );
  }
}

const kinds: readonly [string, LlamaConfig][] = [
  ['grouped queries', TINY],
  ['one key/value head a query head', { ...TINY, numKeyValueHeads: TINY.numAttentionHeads }],
  ['qwen2: biases on queries, keys and values', { ...TINY, architecture: 'qwen2', qkvBias: true }],
];

for (const [name, config] of kinds) {
  test(`greedy: steps in one run choose what single steps choose: ${name}`, async (t) => {
    const decoder = await openTinyDecoder(t, config);
    const rows: DecodedRow[] = [];
    for (const prompt of PROMPTS) {
      rows.push({ ...(await decoder.read(prompt)), limit: STEPS, sampling: { temperature: 0 } });
    }
    const together = await decoder.together(rows, STEPS);
    assertSame(together, await decoder.singly(rows, STEPS));
    assert.equal(together.turns, STEPS);
    // Alone as in the batch.
    for (const [index, row] of rows.entries()) {
      assertSame(await decoder.together([row], STEPS), [together[index]!]);
    }
  });
}

test('one run goes on where another has ended', async (t) => {
  const decoder = await openTinyDecoder(t, TINY);
  const row = { ...(await decoder.read(PROMPTS[0])), limit: 8, sampling: { temperature: 0 } };
  const whole = await decoder.together([row], 8);
  const [first] = await decoder.together([row], 3);
  assert.equal(first!.chosen.length, 3);
  const next = { ...row, past: first!.past, lastToken: first!.chosen.at(-1)! };
  const [second] = await decoder.together([next], 5);
  assertSame([{ chosen: [...first!.chosen, ...second!.chosen], past: second!.past }], whole);
});

const SAMPLINGS: readonly (readonly [string, DecodedRow['sampling']])[] = [
  ['all tokens', {}],
  ['a high temperature', { temperature: 3 }],
  ['a low temperature', { temperature: 0.05 }],
  ['top-k', { topK: 5, temperature: 2 }],
  ['top-k of one', { topK: 1 }],
  ['top-k of more than there are', { topK: 1000 }],
  ['top-p', { topP: 0.6, temperature: 2 }],
  ['a top-p that keeps one token', { topP: 1e-6 }],
  ['a top-p that keeps nearly all', { topP: 0.999, temperature: 2 }],
  ['top-k and top-p', { topK: 8, topP: 0.7, temperature: 2 }],
];

for (const [name, sampling] of SAMPLINGS) {
  test(`the same random numbers choose what the engine's sampler chooses: ${name}`, async (t) => {
    const decoder = await openTinyDecoder(t, TINY);
    const read = await decoder.read(PROMPTS[2]);
    const rows = Array.from({ length: 12 }, (_, seed) => ({
      ...read,
      limit: STEPS,
      sampling: { ...sampling, seed },
    }));
    const together = await decoder.together(rows, STEPS);
    assertSame(together, await decoder.singly(rows, STEPS));
    const texts = new Set(together.map(({ chosen }) => chosen.join()));
    const isCertain = sampling?.topK === 1 || sampling?.topP === 1e-6;
    assert.equal(texts.size === 1, isCertain, `${texts.size} different texts`);
  });
}

test('rows of all kinds share a run, each with its own temperature, cut, limit and stop tokens', async (t) => {
  const decoder = await openTinyDecoder(t, TINY);
  const reads = [];
  for (const prompt of PROMPTS) reads.push(await decoder.read(prompt));
  const greedy = { ...reads[0]!, limit: STEPS, sampling: { temperature: 0 } };
  const [{ chosen }] = (await decoder.singly([greedy], STEPS)) as [Decoded];
  const stop = chosen[2]!;
  const rows: DecodedRow[] = [
    greedy,
    { ...greedy, stopTokens: [-1, stop] },
    { ...greedy, limit: 2 },
    { ...reads[1]!, limit: 4, sampling: { temperature: 2, topP: 0.8, seed: 4 }, stopTokens: [1, 2, 3] },
    { ...reads[2]!, limit: 1, sampling: { seed: 9 } },
    { ...reads[2]!, limit: 100, sampling: { topK: 3, temperature: 1.5, seed: 3 } },
  ];
  const together = await decoder.together(rows, STEPS);
  assertSame(together, await decoder.singly(rows, STEPS));
  const stopped = chosen.indexOf(stop) + 1;
  assert.deepEqual(
    together.map((row) => row.chosen.length).filter((_, row) => row !== 3),
    [STEPS, stopped, 2, 1, STEPS],
    'the token that stops a row is its last',
  );
});

test('a run ends as soon as every row has stopped', async (t) => {
  const decoder = await openTinyDecoder(t, TINY);
  const read = await decoder.read(PROMPTS[2]);
  const rows = [2, 3, 1].map((limit) => ({ ...read, limit, sampling: { temperature: 0 } }));
  const together = await decoder.together(rows, 50);
  assert.equal(together.turns, 3);
  assertSame(together, await decoder.singly(rows, 50));
});

test('a row uses the last position that the model knows, and stays there', async (t) => {
  const decoder = await openTinyDecoder(t, TINY);
  const tokens = Array.from({ length: TINY.contextLength - 2 }, (_, index) => (index * 7) % TINY.vocabSize);
  const long = { ...(await decoder.read(tokens)), limit: 3, sampling: { temperature: 0 } };
  const short = { ...(await decoder.read([1, 2])), limit: 6, sampling: { temperature: 0 } };
  const together = await decoder.together([long, short], 6);
  assertSame(together, await decoder.singly([long, short], 6));
  assert.equal(together[0]!.past[0]![0]!.length, TINY.contextLength);
});

test('a sliding window moves with each step of a run', async (t) => {
  const decoder = await openTinyDecoder(t, { ...TINY, architecture: 'mistral', slidingWindow: 4 });
  const unlimited = await openTinyDecoder(t, TINY);
  const tokens = PROMPTS[0].slice(0, 6);
  const row = { ...(await unlimited.read(tokens)), limit: 8, sampling: { temperature: 0 } };
  const whole = await decoder.together([row], 8);
  // One step a run: then the window is that of the past alone.
  let next = row;
  for (let step = 0; step < 8; step++) {
    const [one] = await decoder.together([next], 1);
    assert.equal(one!.chosen[0], whole[0]!.chosen[step]);
    next = { ...next, past: one!.past, lastToken: one!.chosen[0]! };
  }
  const [everything] = await unlimited.together([row], 8);
  assert.notDeepEqual(everything!.past, whole[0]!.past);
});
