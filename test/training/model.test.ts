import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Precision } from '../../src/domain/model.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';
import { type BatchLayout, packBatch, packBatches } from '../../src/training/batch.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/training/checkpoint.ts';
import type { Example } from '../../src/training/example.ts';
import { type FrozenModel, LossModel } from '../../src/training/model.ts';
import { Trainer } from '../../src/training/trainer.ts';
import { tempDirectory } from '../model/temp-directory.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { EXAMPLES, SETTINGS } from './toy.ts';

const HIDDEN = 64;
const START = Float32Array.from({ length: 3 * HIDDEN }, (_, i) => 0.3 * Math.sin(i * 1.7));
const LAYOUT: BatchLayout = {
  promptLength: 3,
  contextLength: 256,
  slidingWindow: null,
  startTokenId: null,
  objective: 'choices',
  form: 'rows',
};

const importLlama = (t: TestContext, precision: Precision) =>
  importModel({
    source: join(RECORDINGS, 'llama', 'model'),
    target: join(tempDirectory(t), 'bundle'),
    id: 'llama',
    precision,
  });

async function frozenLlama(t: TestContext, precision: Precision = 'float32'): Promise<FrozenModel> {
  const bundle = await importLlama(t, precision);
  return {
    config: bundle.manifest.config,
    weights: await readFrozenWeights(bundle),
    folder: bundle.directory,
  };
}

async function differentiating(t: TestContext, frozen: FrozenModel) {
  const model = await LossModel.differentiating(frozen, { objective: 'choices', form: 'rows', threads: 2 });
  t.after(() => model.release());
  return model;
}

test('a model learns, and a resumed run ends with the same prompt bit for bit', async (t) => {
  const model = await differentiating(t, await frozenLlama(t));
  const settings = { ...SETTINGS, totalSteps: 8 };
  const parts = { model, examples: EXAMPLES, settings, layout: LAYOUT, rowWidth: HIDDEN };
  const whole = Trainer.start(parts, START);
  const losses: number[] = [];
  for (let i = 0; i < 8; i++) losses.push((await whole.step()).loss);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
  assert.ok(mean(losses.slice(4)) < mean(losses.slice(0, 4)), losses.join(' '));

  const first = Trainer.start(parts, START);
  for (let i = 0; i < 3; i++) await first.step();
  const second = Trainer.resume(parts, decodeCheckpoint(encodeCheckpoint(first.state, 'run'), 'run'));
  for (let i = 0; i < 5; i++) await second.step();
  assert.deepEqual(second.state, whole.state);
});

test('evaluation gives the numbers of training, and an example those of its own batch', async (t) => {
  const frozen = await frozenLlama(t);
  const training = await differentiating(t, frozen);
  const evaluating = await LossModel.evaluating(frozen, { objective: 'choices', form: 'rows', threads: 1 });
  t.after(() => evaluating.release());
  // The second has no text: its labels follow the prompt itself.
  const examples: Example[] = [EXAMPLES[5]!, { ...EXAMPLES[1]!, inputIds: [] }];
  const together = await training.run(START, packBatch(examples, LAYOUT));
  assert.equal((await evaluating.run(START, packBatch(examples, LAYOUT))).logLikelihoods.length, 4);
  for (const [row, example] of examples.entries()) {
    const alone = await evaluating.run(START, packBatch([example], LAYOUT));
    for (const [choice, loglik] of alone.logLikelihoods.entries()) {
      assert.ok(Math.abs(loglik - together.logLikelihoods[row * 2 + choice]!) < 1e-4);
    }
  }
});

test('a batch that is too large for one run is the sum of several', async (t) => {
  const model = await differentiating(t, await frozenLlama(t));
  const examples: Example[] = Array.from({ length: 61 }, (_, row) => ({
    inputIds: Array.from({ length: 14 + (row % 7) }, (_, i) => (row * 5 + i * 3) % 40),
    continuations: [[1], [2, 3, 4 + (row % 3)]],
    target: row % 2,
  }));
  for (const objective of ['choices', 'tokens'] as const) {
    const layout = { ...LAYOUT, objective };
    const batches = packBatches(examples, layout);
    assert.deepEqual(
      batches.map((batch) => batch.examples.length),
      [21, 21, 19],
    );
    const whole = await model.run(START, packBatch(examples, layout));
    const parts = [];
    for (const batch of batches) parts.push(await model.run(START, batch));
    const loss = parts.reduce((sum, part) => sum + part.loss, 0);
    assert.ok(Math.abs(loss - whole.loss) < 1e-5 * whole.loss, `${loss} against ${whole.loss}`);
    const largest = whole.gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
    for (const [i, g] of whole.gradient.entries()) {
      const sum = parts.reduce((total, { gradient }) => total + gradient[i]!, 0);
      assert.ok(Math.abs(sum - g) < 1e-4 * largest, `element ${i}`);
    }
  }
});

test('an int8 bundle has nearly the losses and gradients of its float32 weights', async (t) => {
  const run = async (precision: Precision) => {
    const model = await differentiating(t, await frozenLlama(t, precision));
    return model.run(START, packBatch(EXAMPLES, LAYOUT));
  };
  const [exact, bytes] = [await run('float32'), await run('int8')];
  assert.notEqual(bytes.loss, exact.loss, 'the weights are other ones');
  assert.ok(Math.abs(bytes.loss - exact.loss) < 0.01 * exact.loss, `${bytes.loss} against ${exact.loss}`);
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const [a, b] = [exact.gradient, bytes.gradient];
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  assert.ok(cosine > 0.999, `cosine ${cosine}`);
});
