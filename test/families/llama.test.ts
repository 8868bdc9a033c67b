import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LlamaConfig } from '../../src/families/decoder.ts';
import { buildServingGraph } from '../../src/families/index.ts';
import { referenceForward } from './reference.ts';
import { emptyPast, type RowResult, serve } from './serve.ts';
import { openTinyModel, TINY, tinyModel } from './tiny-model.ts';
import { randomNumbers } from './weight-file.ts';

const random = randomNumbers(3);
const embed = (length: number): number[][] =>
  Array.from({ length }, () => Array.from({ length: TINY.hiddenSize }, () => Math.fround(random())));

function assertClose(actual: readonly unknown[], expected: readonly unknown[], tolerance: number): void {
  const [a, b] = [actual.flat(4) as number[], expected.flat(4) as number[]];
  assert.equal(a.length, b.length);
  assert.ok(a.length > 0);
  const worst = a.reduce((error, value, at) => Math.max(error, Math.abs(value - b[at]!)), 0);
  assert.ok(worst <= tolerance, `largest difference ${worst}`);
}

const kinds: readonly [string, LlamaConfig][] = [
  ['grouped queries', TINY],
  ['one key/value head a query head', { ...TINY, numKeyValueHeads: TINY.numAttentionHeads }],
  ['one key/value head in all (multi-query)', { ...TINY, numKeyValueHeads: 1 }],
  ['qwen2: biases on queries, keys and values', { ...TINY, architecture: 'qwen2', qkvBias: true }],
  ['every bias', { ...TINY, qkvBias: true, outputBias: true, mlpBias: true }],
];

for (const [name, config] of kinds) {
  test(`the serving graph computes what plain loops compute: ${name}`, async (t) => {
    const model = tinyModel(config);
    const session = await openTinyModel(t, config, model);
    const embeddings = embed(7);
    const expected = referenceForward(config, model.dense, embeddings);
    const { rows } = await serve(session, config, [{ past: emptyPast(config), embeddings }]);
    assertClose(rows[0]!.logits, expected.logits, 2e-5);
    for (let layer = 0; layer < config.numLayers; layer++) {
      for (const [index, states] of [expected.keys[layer]!, expected.values[layer]!].entries()) {
        const heads = rows[0]!.past[2 * layer + index]!;
        const byPosition = states.map((_, s) => heads.map((head) => head[s]!));
        assertClose(byPosition, states, 2e-5);
      }
    }
  });
}

/** Feeds the embeddings in chunks of these sizes, each with the past of those before. */
async function inChunks(
  session: Awaited<ReturnType<typeof openTinyModel>>,
  config: LlamaConfig,
  embeddings: number[][],
  sizes: readonly number[],
): Promise<RowResult> {
  const logits: number[][] = [];
  let past = emptyPast(config);
  let start = 0;
  for (const size of sizes) {
    const chunk = embeddings.slice(start, start + size);
    const { rows } = await serve(session, config, [{ past, embeddings: chunk }]);
    logits.push(...rows[0]!.logits);
    past = rows[0]!.past;
    start += size;
  }
  return { logits, past };
}

for (const format of ['float32', 'rowwise-int8'] as const) {
  test(`${format}: prefill at once, in chunks and token by token agree`, async (t) => {
    const session = await openTinyModel(t, TINY, tinyModel(TINY, format));
    const embeddings = embed(7);
    const whole = await inChunks(session, TINY, embeddings, [7]);
    // Another order of summation differs in the last bits, and those can move an int8 activation by one step.
    const tolerance = format === 'float32' ? 1e-5 : 0.05;
    for (const sizes of [
      [3, 4],
      [1, 1, 1, 1, 1, 1, 1],
    ]) {
      const parts = await inChunks(session, TINY, embeddings, sizes);
      assertClose(parts.logits, whole.logits, tolerance);
      assertClose(parts.past, whole.past, tolerance);
    }
  });

  test(`${format}: ragged rows of a batch give, bit for bit, what each gives alone`, async (t) => {
    const session = await openTinyModel(t, TINY, tinyModel(TINY, format));
    // The first prompt makes the past of the batch two alignments long, where the others alone need one.
    const prompts = [embed(20), embed(2), embed(4)];
    const steps = prompts.map(() => embed(3));
    const run = async (indices: readonly number[]): Promise<RowResult[]> => {
      const prefilled = await serve(
        session,
        TINY,
        indices.map((i) => ({ past: emptyPast(TINY), embeddings: prompts[i]! })),
      );
      let { rows } = prefilled;
      const logits = rows.map((row) => [...row.logits]);
      for (let step = 0; step < 3; step++) {
        const inputs = rows.map(({ past }, at) => ({ past, embeddings: [steps[indices[at]!]![step]!] }));
        ({ rows } = await serve(session, TINY, inputs));
        for (const [at, row] of rows.entries()) logits[at]!.push(...row.logits);
      }
      return rows.map(({ past }, at) => ({ logits: logits[at]!, past }));
    };
    const together = await run([0, 1, 2]);
    for (const i of prompts.keys()) {
      const [alone] = await run([i]);
      assert.deepEqual(together[i], alone);
    }
  });
}

test('rowwise-int8 stays near the float computation of the same weights', async (t) => {
  const model = tinyModel(TINY, 'rowwise-int8');
  const session = await openTinyModel(t, TINY, model);
  const embeddings = embed(7);
  const expected = referenceForward(TINY, model.dense, embeddings);
  const { rows } = await serve(session, TINY, [{ past: emptyPast(TINY), embeddings }]);
  assertClose(rows[0]!.logits, expected.logits, 0.15);
});

test('logits come only for the positions asked for, in their order', async (t) => {
  const session = await openTinyModel(t, TINY, tinyModel(TINY));
  const batch = [embed(3), embed(3)].map((embeddings) => ({ past: emptyPast(TINY), embeddings }));
  const all = await serve(session, TINY, batch);
  const some = await serve(session, TINY, batch, [5, 0, 5]);
  assertClose(some.logits, [all.logits[5]!, all.logits[0]!, all.logits[5]!], 1e-6);
});

for (const [format, tolerance] of [
  ['float32', 2e-5],
  ['rowwise-int8', 0.15],
] as const) {
  test(`${format}: hidden states are those behind the final norm, in the order of the positions`, async (t) => {
    const model = tinyModel(TINY, format);
    const session = await openTinyModel(t, TINY, model);
    const embeddings = embed(6);
    const { hidden } = referenceForward(TINY, model.dense, embeddings);
    const served = await serve(session, TINY, [{ past: emptyPast(TINY), embeddings }], [5, 0, 5]);
    assertClose(served.hidden, [hidden[5]!, hidden[0]!, hidden[5]!], tolerance);
  });
}

test('the best tokens and the scores of rows are those of their logits', async (t) => {
  const session = await openTinyModel(t, TINY, tinyModel(TINY));
  const batch = [embed(3), embed(3)].map((embeddings) => ({ past: emptyPast(TINY), embeddings }));
  const scorePairs = [
    [0, 3],
    [1, 0],
    [0, 5],
  ] as const;
  const selection = { bestRows: [4, 1], scoredRows: [2, 5], scorePairs };
  const served = await serve(session, TINY, batch, undefined, selection);
  selection.bestRows.forEach((row, i) => {
    const logits = served.logits[row]!;
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
    assert.deepEqual(served.bestTokens[i], order.slice(0, 64));
    assert.deepEqual(
      served.bestLogits[i],
      served.bestTokens[i]!.map((id) => logits[id]!),
    );
  });
  const expected = scorePairs.map(([scored, token]) => {
    const logits = served.logits[selection.scoredRows[scored]!]!;
    return logits[token]! - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  });
  assertClose(served.scores, expected, 1e-5);
});

test('numbers that are not finite show in the best tokens and the scores', async (t) => {
  const session = await openTinyModel(t, TINY, tinyModel(TINY));
  const broken = embed(2).map((row) => row.map(() => Number.NaN));
  const batch = [
    { past: emptyPast(TINY), embeddings: embed(2) },
    { past: emptyPast(TINY), embeddings: broken },
  ];
  const selection = {
    bestRows: [1, 3],
    scoredRows: [1, 3],
    scorePairs: [
      [0, 1],
      [1, 1],
    ] as const,
  };
  const { bestLogits, scores } = await serve(session, TINY, batch, undefined, selection);
  assert.deepEqual([bestLogits[0]![0], scores[0]].map(Number.isFinite), [true, true]);
  assert.deepEqual([bestLogits[1]![0], scores[1]].map(Number.isFinite), [false, false]);
});

test('queries, keys and values are one product, gate and up another', () => {
  const { nodes } = buildServingGraph(TINY, tinyModel(TINY, 'rowwise-int8').catalog);
  const count = (op: string): number => nodes.filter((node) => node.op === op).length;
  // Of four inputs, each has one product of the codes and one of the residuals.
  assert.equal(count('MatMulIntegerToFloat'), 2 * (4 * TINY.numLayers + 1));
  assert.equal(count('QuantizeLinear'), 2 * (4 * TINY.numLayers + 1));
});

test('a weight that is missing or does not fit is refused by name', () => {
  const { catalog } = tinyModel(TINY);
  const without = (name: string) => ({
    linears: new Map([...catalog.linears].filter(([key]) => key !== name)),
    tensors: new Map([...catalog.tensors].filter(([key]) => key !== name)),
  });
  const refusal = (config: LlamaConfig, weights: typeof catalog, message: RegExp) =>
    assert.throws(() => buildServingGraph(config, weights), { name: 'GraphError', message });
  const name = 'model.layers.1.mlp.up_proj';
  refusal(TINY, without(name), /^model\.layers\.1\.mlp\.up_proj: the model has no such weight$/);
  refusal(TINY, without('model.norm.weight'), /^model\.norm\.weight: the model has no such weight$/);
  refusal(
    { ...TINY, qkvBias: true },
    catalog,
    /^model\.layers\.0\.self_attn\.q_proj\.bias: the model has no such/,
  );
  refusal(
    { ...TINY, vocabSize: 41 },
    catalog,
    /^lm_head\.weight: expected float32 \[41,32\], given float32 \[40,32\]$/,
  );
});

test('sizes that contradict each other are refused', () => {
  const { catalog } = tinyModel(TINY);
  const refusal = (change: Partial<LlamaConfig>, message: RegExp) =>
    assert.throws(() => buildServingGraph({ ...TINY, ...change }, catalog), { name: 'GraphError', message });
  refusal({ numKeyValueHeads: 4 }, /6 attention heads cannot share 4 key\/value heads/);
  refusal({ numLayers: 0 }, /at least one layer, given 0/);
  refusal({ headDim: 7 }, /even head_dim, given 7/);
  refusal({ rope: { type: 'factors', theta: 100, factors: [1, 2] } }, /expected 4 rotary factors, given 2/);
});
