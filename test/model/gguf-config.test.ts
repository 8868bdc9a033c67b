import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LlamaConfig } from '../../src/families/decoder.ts';
import { type GgufTensorFacts, parseGgufConfig } from '../../src/model/gguf-config.ts';
import type { GgufValue } from '../../src/model/gguf-types.ts';
import { refused } from './refused.ts';

const llama: Readonly<Record<string, GgufValue>> = {
  'general.architecture': 'llama',
  'llama.block_count': 3,
  'llama.context_length': 256,
  'llama.embedding_length': 64,
  'llama.feed_forward_length': 96,
  'llama.attention.head_count': 4,
  'llama.attention.head_count_kv': 2,
  'llama.attention.layer_norm_rms_epsilon': 1e-5,
  'llama.vocab_size': 384,
};

function parse(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly string[] = ['output.weight'],
  ropeFactors: GgufTensorFacts['ropeFactors'] = null,
): LlamaConfig {
  const facts: GgufTensorFacts = { has: (name) => tensors.includes(name), vocabSize: 384, ropeFactors };
  const config = parseGgufConfig(new Map(Object.entries(metadata)), facts);
  assert.ok(config.architecture !== 'gemma3' && config.architecture !== 't5');
  return config;
}

test('a llama file', () => {
  assert.deepEqual(parse(llama), {
    architecture: 'llama',
    hiddenSize: 64,
    intermediateSize: 96,
    numLayers: 3,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    headDim: 16,
    vocabSize: 384,
    rmsNormEps: 1e-5,
    rope: { type: 'default', theta: 10000 },
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    tiedEmbeddings: false,
    contextLength: 256,
    slidingWindow: null,
  } satisfies LlamaConfig);
});

test('tensors tell biases and tied embeddings', () => {
  const plain = parse(llama, []);
  assert.deepEqual([plain.tiedEmbeddings, plain.qkvBias], [true, false]);
  const biased = parse(llama, ['blk.0.attn_q.bias', 'blk.0.attn_output.bias', 'blk.0.ffn_gate.bias']);
  assert.deepEqual([biased.qkvBias, biased.outputBias, biased.mlpBias], [true, true, true]);
  const qwen2 = Object.fromEntries(
    Object.entries(llama).map(([key, value]) => [key.replace('llama.', 'qwen2.'), value]),
  );
  const config = parse({ ...qwen2, 'general.architecture': 'qwen2' });
  assert.deepEqual([config.architecture, config.qkvBias, config.outputBias], ['qwen2', true, false]);
});

test('rotary embedding: linear scaling and explicit factors', () => {
  const linear = { ...llama, 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 };
  assert.deepEqual(parse(linear).rope, { type: 'linear', theta: 10000, factor: 4 });
  const factors = [1, 1, 1, 2, 4, 8, 8, 8];
  const theta = { ...llama, 'llama.rope.freq_base': 500000 };
  assert.deepEqual(parse(theta, [], factors).rope, { type: 'factors', theta: 500000, factors });
});

test('a sliding window, where 0 means none', () => {
  assert.equal(parse({ ...llama, 'llama.attention.sliding_window': 6 }).slidingWindow, 6);
  assert.equal(parse({ ...llama, 'llama.attention.sliding_window': 0 }).slidingWindow, null);
});

const refusals: readonly (readonly [string, GgufValue | undefined])[] = [
  ['general.architecture', 'gemma'],
  ['general.architecture', undefined],
  ['split.count', 2],
  ['llama.expert_count', 8],
  ['llama.block_count', undefined],
  ['llama.feed_forward_length', [96, 96, 48]],
  ['llama.attention.head_count_kv', 3],
  ['llama.attention.key_length', 15],
  ['llama.attention.value_length', 8],
  ['llama.rope.dimension_count', 8],
  ['llama.rope.scaling.type', 'yarn'],
  ['llama.rope.freq_base', 0],
  ['llama.attention.layer_norm_rms_epsilon', undefined],
  ['llama.context_length', 2 ** 40],
  ['llama.vocab_size', 385],
];
for (const [field, value] of refusals) {
  test(`refused: ${field} = ${JSON.stringify(value)}`, () => {
    const { [field]: _replaced, ...rest } = llama;
    const metadata = value === undefined ? rest : { ...rest, [field]: value };
    assert.throws(() => parse(metadata), refused('unsupported_config', field));
  });
}

test('refused: rotary factors of another number, and together with scaling', () => {
  assert.throws(() => parse(llama, [], [1, 2]), refused('unsupported_config', 'rope_freqs.weight'));
  const linear = { ...llama, 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 };
  assert.throws(
    () => parse(linear, [], Array(8).fill(1)),
    refused('unsupported_config', 'llama.rope.scaling.type'),
  );
});
