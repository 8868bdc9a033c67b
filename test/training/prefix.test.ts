import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promptWidth } from '../../src/families/training-prompt.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';
import { type BatchLayout, packBatch } from '../../src/training/batch.ts';
import { keysValuesOf } from '../../src/training/keys-values.ts';
import { type FrozenModel, LossModel } from '../../src/training/model.ts';
import { tempDirectory } from '../model/temp-directory.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { EXAMPLES } from './toy.ts';

const LENGTH = 5;

async function frozen(t: TestContext, family: string): Promise<FrozenModel> {
  const bundle = await importModel({
    source: join(RECORDINGS, family, 'model'),
    target: join(tempDirectory(t), 'bundle'),
    id: family,
    precision: 'float32',
  });
  return {
    config: bundle.manifest.config,
    weights: await readFrozenWeights(bundle),
    folder: bundle.directory,
  };
}

const layoutFor = ({ config }: FrozenModel, form: BatchLayout['form']): BatchLayout => ({
  promptLength: LENGTH,
  contextLength: config.contextLength,
  slidingWindow: config.slidingWindow,
  startTokenId: null,
  objective: 'choices',
  form,
});

const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 0.4 * Math.sin(i * step));

test('the keys and values of rows are the prefix with which the model computes the same', async (t) => {
  // Grouped queries; a window that is shorter than prompt and text, in all layers or some; learned positions.
  for (const family of ['llama', 'mistral', 'qwen3', 'gpt2', 'gemma3']) {
    const model = await frozen(t, family);
    const rows = wave(LENGTH * model.config.hiddenSize, 1.7);
    const prefix = await keysValuesOf(model, rows, 1);
    const scored = async (form: BatchLayout['form'], prompt: Float32Array) => {
      const evaluating = await LossModel.evaluating(model, { objective: 'choices', form, threads: 1 });
      const found = await evaluating.run(prompt, packBatch(EXAMPLES, layoutFor(model, form)));
      await evaluating.release();
      return found.logLikelihoods;
    };
    const expected = await scored('rows', rows);
    const given = await scored('keysValues', prefix);
    for (const [i, value] of expected.entries()) {
      assert.ok(Math.abs(value - given[i]!) < 1e-4, `${family}, ${i}: ${given[i]} for ${value}`);
    }
    const others = await scored('keysValues', wave(prefix.length, 2.3));
    assert.ok(Math.abs(others[0]! - expected[0]!) > 0.01, 'another prefix counts');
  }
});

test('the gradient of a prefix is what differences of the loss say, in every layer', async (t) => {
  for (const family of ['qwen2', 'gpt2', 'gemma3']) {
    const model = await frozen(t, family);
    const options = { objective: 'choices', form: 'keysValues', threads: 1 } as const;
    const differentiating = await LossModel.differentiating(model, options);
    const width = promptWidth(model.config, 'keysValues');
    const prefix = wave(LENGTH * width, 1.3);
    const batch = packBatch(EXAMPLES, layoutFor(model, 'keysValues'));
    const { gradient } = await differentiating.run(prefix, batch);
    assert.equal(gradient.length, prefix.length);
    const largest = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    // One key and one value of each layer, at different positions.
    const plane = width / (2 * model.config.numLayers);
    for (let part = 0; part < 2 * model.config.numLayers; part++) {
      const at = (part % LENGTH) * width + part * plane + 3;
      const step = 0.02;
      const lossAt = async (change: number): Promise<number> =>
        (await differentiating.run(prefix.with(at, prefix[at]! + change), batch)).loss;
      const difference = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      const off = Math.abs(difference - gradient[at]!);
      assert.ok(off < 5e-3 * largest, `${family}, plane ${part}: ${gradient[at]} for ${difference}`);
    }
    await differentiating.release();
  }
});
