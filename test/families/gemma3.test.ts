import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import ort from 'onnxruntime-node';
import type { Precision } from '../../src/domain/model.ts';
import type { Gemma3Config } from '../../src/families/decoder.ts';
import { buildServingGraph } from '../../src/families/index.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { sessionOptions } from '../graph/run-graph.ts';
import { copyOf, gemma3, options, rewriteJson } from '../model/hf-model.ts';
import { largestDifference, lastLogits } from '../model/run-bundle.ts';
import { emptyPast, type Row, type RowResult, serve } from './serve.ts';
import { randomNumbers } from './weight-file.ts';

/** The recorded model: a window of 5 positions in layers 0, 1 and 3 of 4. */
async function openModel(t: TestContext, precision: Precision) {
  const { directory, manifest } = await importModel(options(t, { source: gemma3, precision }));
  const { config } = manifest;
  assert.ok(config.architecture === 'gemma3');
  const session = await ort.InferenceSession.create(join(directory, BUNDLE_FILES.graph), sessionOptions);
  t.after(() => session.release());
  return { config, run: (rows: readonly Row[]) => serve(session, config, rows) };
}

const random = randomNumbers(5);
const embed = (config: Gemma3Config, length: number): number[][] =>
  Array.from({ length }, () => Array.from({ length: config.hiddenSize }, () => Math.fround(random())));

for (const [precision, allowed] of [
  ['float32', 1e-4],
  ['int8', 0.1],
] as const) {
  test(`${precision}: prefill at once, in chunks and token by token agree beyond the window`, async (t) => {
    const { config, run } = await openModel(t, precision);
    const embeddings = embed(config, 19);
    const inChunks = async (sizes: readonly number[]): Promise<number[]> => {
      const logits: number[] = [];
      let past: RowResult['past'] = emptyPast(config);
      let start = 0;
      for (const size of sizes) {
        const { rows } = await run([{ past, embeddings: embeddings.slice(start, start + size) }]);
        logits.push(...rows[0]!.logits.flat());
        past = rows[0]!.past;
        start += size;
      }
      return logits;
    };
    const whole = await inChunks([19]);
    for (const sizes of [[7, 12], [16, 3], Array<number>(19).fill(1)]) {
      const difference = largestDifference(await inChunks(sizes), whole);
      assert.ok(difference < allowed, `chunks of ${sizes}: ${difference}`);
    }
  });

  test(`${precision}: ragged rows of a batch give, bit for bit, what each gives alone`, async (t) => {
    const { config, run } = await openModel(t, precision);
    const prompts = [embed(config, 20), embed(config, 2), embed(config, 7)];
    const next = prompts.map(() => embed(config, 1));
    const decode = async (indices: readonly number[]): Promise<RowResult[]> => {
      const prefilled = await run(indices.map((i) => ({ past: emptyPast(config), embeddings: prompts[i]! })));
      const inputs = prefilled.rows.map(({ past }, at) => ({ past, embeddings: next[indices[at]!]! }));
      return (await run(inputs)).rows;
    };
    const together = await decode([0, 1, 2]);
    for (const i of prompts.keys()) assert.deepEqual(together[i], (await decode([i]))[0]);
  });
}

test('local layers carry a token no further than their windows reach, a global layer does', async (t) => {
  const local = copyOf(t, gemma3);
  rewriteJson(join(local, 'config.json'), { layer_types: Array(4).fill('sliding_attention') });
  const changes = async (source: string, length: number): Promise<boolean> => {
    const bundle = await importModel(options(t, { source }));
    const rest = Array.from({ length: length - 1 }, (_, i) => 40 + i);
    const [a, b] = [await lastLogits(bundle, [10, ...rest]), await lastLogits(bundle, [11, ...rest])];
    return largestDifference(a, b) > 0;
  };
  // Each of 4 layers looks 4 positions back.
  assert.equal(await changes(local, 18), false);
  assert.equal(await changes(local, 17), true);
  assert.equal(await changes(gemma3, 30), true);
});

test('sizes that contradict each other are refused', async (t) => {
  const { config } = await openModel(t, 'float32');
  const weights = { linears: new Map(), tensors: new Map() };
  const refusal = (change: Partial<Gemma3Config>, message: RegExp) =>
    assert.throws(() => buildServingGraph({ ...config, ...change }, weights), {
      name: 'GraphError',
      message,
    });
  refusal({ numLayers: 0 }, /at least one layer, given 0/);
  refusal({ numLayers: 5 }, /a kind for each of 5 layers, given 4/);
  refusal({ numKeyValueHeads: 3 }, /4 attention heads cannot share 3 key\/value heads/);
  refusal({ headDim: 7 }, /even head_dim, given 7/);
  refusal({}, /model\.layers\.0\.input_layernorm\.weight: the model has no such weight/);
});
