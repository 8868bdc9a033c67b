import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gpt2Config, LlamaConfig } from '../../src/families/decoder.ts';
import type { ModelConfig } from '../../src/families/index.ts';
import { isJsonObject, parseJson } from '../../src/formats/json.ts';
import { parseHuggingFaceConfig } from '../../src/model/hf-config.ts';
import { refused } from './refused.ts';

type Fields = Readonly<Record<string, unknown>>;

const sizes = {
  hidden_size: 64,
  intermediate_size: 96,
  num_attention_heads: 4,
  num_hidden_layers: 3,
  vocab_size: 384,
  max_position_embeddings: 256,
};
const llama: Fields = { model_type: 'llama', ...sizes };
const mistral: Fields = { model_type: 'mistral', ...sizes };
const qwen2: Fields = { model_type: 'qwen2', ...sizes };

function parseAny(fields: Fields, hasHead = false): ModelConfig {
  const json = parseJson(Buffer.from(JSON.stringify(fields)), { maxDepth: 8, numbers: 'any' });
  assert.ok(isJsonObject(json));
  return parseHuggingFaceConfig(json, hasHead);
}

function parse(fields: Fields): LlamaConfig {
  const config = parseAny(fields);
  assert.ok('rope' in config && config.architecture !== 'gemma3');
  return config;
}

test('fields that are left out have the defaults of LlamaConfig', () => {
  assert.deepEqual(parse(llama), {
    architecture: 'llama',
    hiddenSize: 64,
    intermediateSize: 96,
    numLayers: 3,
    numAttentionHeads: 4,
    numKeyValueHeads: 4,
    headDim: 16,
    vocabSize: 384,
    rmsNormEps: 1e-6,
    rope: { type: 'default', theta: 10000 },
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    tiedEmbeddings: false,
    contextLength: 256,
    slidingWindow: null,
  } satisfies LlamaConfig);
});

test('sizes, biases and tying are taken as given', () => {
  const config = parse({
    ...llama,
    num_key_value_heads: 2,
    head_dim: 32,
    attention_bias: true,
    mlp_bias: true,
    tie_word_embeddings: true,
    rms_norm_eps: 1e-5,
  });
  assert.equal(config.numKeyValueHeads, 2);
  assert.equal(config.headDim, 32);
  assert.equal(config.rmsNormEps, 1e-5);
  assert.ok(config.qkvBias && config.outputBias && config.mlpBias && config.tiedEmbeddings);
});

test('qwen2 has biases on query, key and value only; mistral has none', () => {
  const { qkvBias, outputBias, mlpBias } = parse(qwen2);
  assert.deepEqual([qkvBias, outputBias, mlpBias], [true, false, false]);
  assert.equal(parse({ ...mistral, attention_bias: true }).qkvBias, false);
});

const llama3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 128,
};
const llama3Config = {
  type: 'llama3',
  theta: 500000,
  factor: 8,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalContextLength: 128,
};
const ropes: readonly (readonly [string, Fields, object])[] = [
  ['4: rope_theta alone', { rope_theta: 500000 }, { type: 'default', theta: 500000 }],
  ['4: rope_scaling null', { rope_theta: 500000, rope_scaling: null }, { type: 'default', theta: 500000 }],
  [
    '4: linear under the old key',
    { rope_scaling: { type: 'linear', factor: 2 } },
    { type: 'linear', theta: 10000, factor: 2 },
  ],
  ['4: llama3', { rope_theta: 500000, rope_scaling: { rope_type: 'llama3', ...llama3 } }, llama3Config],
  [
    '5: default',
    { rope_parameters: { rope_type: 'default', rope_theta: 1e6 } },
    { type: 'default', theta: 1e6 },
  ],
  ['5: llama3', { rope_parameters: { rope_type: 'llama3', rope_theta: 500000, ...llama3 } }, llama3Config],
];
for (const [what, fields, expected] of ropes) {
  test(`rotary embedding, transformers ${what}`, () =>
    assert.deepEqual(parse({ ...llama, ...fields }).rope, expected));
}

const windows: readonly (readonly [string, Fields, number | null])[] = [
  ['mistral, left out', mistral, 4096],
  ['mistral, null', { ...mistral, sliding_window: null }, null],
  ['mistral, given', { ...mistral, sliding_window: 6 }, 6],
  ['llama never has one', { ...llama, sliding_window: 6 }, null],
  ['qwen2, not used', { ...qwen2, sliding_window: 6 }, null],
  [
    'qwen2, used from a layer that does not exist',
    { ...qwen2, use_sliding_window: true, sliding_window: 6 },
    null,
  ],
  [
    'qwen2, used in all layers',
    { ...qwen2, use_sliding_window: true, sliding_window: 6, max_window_layers: 0 },
    6,
  ],
  [
    'qwen2, layer types say all',
    {
      ...qwen2,
      use_sliding_window: true,
      sliding_window: 6,
      layer_types: Array(3).fill('sliding_attention'),
    },
    6,
  ],
  [
    'qwen2, layer types say none',
    { ...qwen2, use_sliding_window: true, sliding_window: 6, layer_types: Array(3).fill('full_attention') },
    null,
  ],
];
for (const [what, fields, expected] of windows) {
  test(`sliding window: ${what}`, () => assert.equal(parse(fields).slidingWindow, expected));
}

const mixed = ['full_attention', 'sliding_attention', 'full_attention'];
const refusals: readonly (readonly [string, Fields, Fields])[] = [
  ['model_type', llama, { model_type: 'bloom' }],
  ['model_type', llama, { model_type: 'gemma3' }],
  ['hidden_act', llama, { hidden_act: 'gelu' }],
  ['quantization_config', llama, { quantization_config: { quant_method: 'gptq' } }],
  ['hidden_size', llama, { hidden_size: undefined }],
  ['hidden_size', llama, { hidden_size: '64' }],
  ['num_hidden_layers', llama, { num_hidden_layers: 0 }],
  ['vocab_size', llama, { vocab_size: 1.5 }],
  ['num_key_value_heads', llama, { num_key_value_heads: 3 }],
  ['head_dim', llama, { head_dim: 15 }],
  ['head_dim', llama, { num_attention_heads: 7 }],
  ['rms_norm_eps', llama, { rms_norm_eps: -1 }],
  ['tie_word_embeddings', llama, { tie_word_embeddings: 'yes' }],
  ['max_position_embeddings', llama, { max_position_embeddings: 1e9 }],
  ['rope_scaling', llama, { rope_scaling: 'linear' }],
  ['rope_type', llama, { rope_scaling: { rope_type: 'yarn', factor: 4 } }],
  ['type', llama, { rope_scaling: { type: 'dynamic', factor: 4 } }],
  ['factor', llama, { rope_scaling: { rope_type: 'linear' } }],
  ['low_freq_factor', llama, { rope_parameters: { ...llama3, rope_type: 'llama3', low_freq_factor: 0 } }],
  ['partial_rotary_factor', llama, { rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } }],
  ['max_window_layers', qwen2, { use_sliding_window: true, max_window_layers: 1 }],
  ['layer_types', qwen2, { use_sliding_window: true, layer_types: mixed }],
  ['layer_types', qwen2, { use_sliding_window: true, layer_types: [] }],
];
for (const [field, base, change] of refusals) {
  test(`refused naming ${field}: ${JSON.stringify(change)}`, () => {
    assert.throws(() => parse({ ...base, ...change }), refused('unsupported_config', field));
  });
}

test('qwen3: heads of 128, and biases only on request', () => {
  const config = parse({ ...sizes, model_type: 'qwen3' });
  assert.deepEqual([config.headDim, config.qkvBias, config.outputBias], [128, false, false]);
  assert.equal(parse({ ...sizes, model_type: 'qwen3', head_dim: 16, attention_bias: true }).qkvBias, true);
});

test('gpt2: fields that are left out have the defaults of GPT2Config', () => {
  assert.deepEqual(parseAny({ model_type: 'gpt2' }), {
    architecture: 'gpt2',
    hiddenSize: 768,
    intermediateSize: 3072,
    numLayers: 12,
    numAttentionHeads: 12,
    numKeyValueHeads: 12,
    headDim: 64,
    vocabSize: 50257,
    layerNormEps: 1e-5,
    tiedEmbeddings: true,
    contextLength: 1024,
    slidingWindow: null,
  } satisfies Gpt2Config);
  for (const [field, value] of [
    ['activation_function', 'relu'],
    ['scale_attn_by_inverse_layer_idx', true],
    ['n_head', 5],
    ['n_positions', 0],
  ] as const) {
    assert.throws(
      () => parseAny({ model_type: 'gpt2', [field]: value }),
      refused('unsupported_config', field),
    );
  }
});

const t5: Fields = { model_type: 't5' };

test('T5: fields that are left out have the defaults of T5Config', () => {
  assert.deepEqual(parseAny(t5), {
    architecture: 't5',
    hiddenSize: 512,
    intermediateSize: 2048,
    numLayers: 6,
    numDecoderLayers: 6,
    numAttentionHeads: 8,
    numKeyValueHeads: 8,
    headDim: 64,
    vocabSize: 32_128,
    activation: 'relu',
    gated: false,
    relativeBuckets: 32,
    relativeMaxDistance: 128,
    rmsNormEps: 1e-6,
    scaledHead: true,
    tiedEmbeddings: true,
    contextLength: 512,
    slidingWindow: null,
    decoderStartTokenId: 0,
  });
});

test('T5: what was written as tie_word_embeddings scales the head; the checkpoint says whether it is tied', () => {
  const scaled = (fields: Fields, hasHead = false) => {
    const config = parseAny({ ...t5, ...fields }, hasHead);
    assert.ok(config.architecture === 't5');
    return [config.scaledHead, config.tiedEmbeddings];
  };
  assert.deepEqual(scaled({ tie_word_embeddings: false }, true), [false, false]);
  assert.deepEqual(scaled({ tie_word_embeddings: false }), [false, true]);
  assert.deepEqual(scaled({ tie_word_embeddings: true, scale_decoder_outputs: false }), [false, true]);
  assert.deepEqual(scaled({ tie_word_embeddings: true }, true), [true, false]);
});

test('T5: feed-forward networks, and what is refused', () => {
  const feedForward = (name: string) => {
    const config = parseAny({ ...t5, feed_forward_proj: name });
    return config.architecture === 't5' && [config.activation, config.gated];
  };
  assert.deepEqual(feedForward('gated-gelu'), ['gelu', true]);
  assert.deepEqual(feedForward('gated-silu'), ['silu', true]);
  for (const [field, value] of [
    ['feed_forward_proj', 'gelu'],
    ['relative_attention_num_buckets', 30],
    ['relative_attention_max_distance', 16],
    ['num_layers', 0],
    ['feed_forward_proj', 'constructor'],
    ['decoder_start_token_id', 32_128],
  ] as const) {
    assert.throws(() => parseAny({ ...t5, [field]: value }), refused('unsupported_config', field));
  }
});
