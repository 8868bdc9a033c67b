import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LlamaConfig } from '../../src/families/decoder.ts';
import { buildTrainingGraph } from '../../src/families/index.ts';
import { type FrozenWeights, TRAINING_IO } from '../../src/families/training.ts';
import { GraphError } from '../../src/graph/index.ts';
import { TINY, tinyModel } from './tiny-model.ts';

const QWEN: LlamaConfig = { ...TINY, architecture: 'qwen2', qkvBias: true };

function weightsOf(config: LlamaConfig): FrozenWeights {
  const { catalog, file } = tinyModel(config);
  const shape = [config.vocabSize, config.hiddenSize];
  return { ...catalog, embeddings: file.add(new Float32Array(config.vocabSize * config.hiddenSize), shape) };
}

const GRADIENT = { objective: 'tokens', form: 'rows', gradient: true } as const;

test('products run over all tokens at once, the head over the label positions only', () => {
  for (const config of [TINY, QWEN]) {
    const graph = buildTrainingGraph(config, weightsOf(config), GRADIENT);
    const rows = (weight: string): unknown[] =>
      graph.nodes
        .filter(({ inputs }) => inputs[1]?.kind === 'external' && inputs[1].name === weight)
        .map(({ op, inputs }) => [op, inputs[0]!.shape[0]]);
    const tokens = 'prompt + rows*sequence';
    // Once forward, once backward, each reading the weight as it is stored.
    assert.deepEqual(rows('model.layers.0.mlp.up_proj.weight'), [
      ['Gemm', tokens],
      ['FusedMatMul', tokens],
    ]);
    assert.deepEqual(rows('model.layers.1.mlp.up_proj.weight'), [
      ['Gemm', 'positions'],
      ['FusedMatMul', 'positions'],
    ]);
    assert.deepEqual(rows('lm_head.weight'), [
      ['Gemm', 'positions'],
      ['FusedMatMul', 'positions'],
    ]);
    const gradient = graph.outputs.find(({ name }) => name === TRAINING_IO.promptGradient)!;
    assert.deepEqual(gradient.value.shape, ['prompt', config.hiddenSize]);
  }
});

test('weights are transposed by the products, never by a copy', () => {
  const { nodes } = buildTrainingGraph(TINY, weightsOf(TINY), GRADIENT);
  const copies = nodes.filter(
    ({ op, inputs }) => op === 'Transpose' && inputs.some((value) => value?.kind === 'external'),
  );
  assert.deepEqual(copies, []);
});

test('an evaluation graph is the forward part alone', () => {
  const weights = weightsOf(TINY);
  const evaluation = buildTrainingGraph(TINY, weights, {
    objective: 'choices',
    form: 'rows',
    gradient: false,
  });
  assert.deepEqual(
    evaluation.outputs.map(({ name }) => name),
    [TRAINING_IO.loss, TRAINING_IO.logLikelihoods],
  );
  const training = buildTrainingGraph(TINY, weights, { objective: 'choices', form: 'rows', gradient: true });
  assert.ok(evaluation.nodes.length < training.nodes.length / 2);
});

test('missing weights, and those quantised in blocks, are named', () => {
  const weights = weightsOf(TINY);
  const name = 'model.layers.1.mlp.up_proj';
  const without = new Map(weights.linears);
  without.delete(name);
  const float = weights.linears.get(name)!;
  assert.ok(float.format === 'float32');
  const { weight } = float;
  const quantised = new Map(weights.linears).set(name, {
    format: 'blockwise',
    bits: 4,
    blockSize: 32,
    weight,
    scales: weight,
    offsets: null,
  });
  for (const linears of [without, quantised]) {
    assert.throws(
      () => buildTrainingGraph(TINY, { ...weights, linears }, GRADIENT),
      (error: Error) => error instanceof GraphError && error.message.includes(name),
    );
  }
});
