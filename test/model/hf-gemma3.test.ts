import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gemma3Config } from '../../src/families/decoder.ts';
import { isJsonObject, parseJson } from '../../src/formats/json.ts';
import { parseHuggingFaceConfig } from '../../src/model/hf-config.ts';
import { refused } from './refused.ts';

type Fields = Readonly<Record<string, unknown>>;

function parse(fields: Fields): Gemma3Config {
  const text = JSON.stringify({ model_type: 'gemma3_text', ...fields });
  const json = parseJson(Buffer.from(text), { maxDepth: 8, numbers: 'any' });
  assert.ok(isJsonObject(json));
  const config = parseHuggingFaceConfig(json, false);
  assert.ok(config.architecture === 'gemma3');
  return config;
}

const [local, global] = [true, false];

test('fields that are left out have the defaults of Gemma3TextConfig', () => {
  assert.deepEqual(parse({ num_hidden_layers: 8 }), {
    architecture: 'gemma3',
    hiddenSize: 2304,
    intermediateSize: 9216,
    numLayers: 8,
    numAttentionHeads: 8,
    numKeyValueHeads: 4,
    headDim: 256,
    vocabSize: 262_208,
    rmsNormEps: 1e-6,
    rope: { type: 'default', theta: 1_000_000 },
    localRope: { type: 'default', theta: 10_000 },
    localLayers: [local, local, local, local, local, global, local, local],
    localWindow: 4096,
    embeddingScale: 48,
    queryPreAttnScalar: 256,
    tiedEmbeddings: true,
    contextLength: 131_072,
    slidingWindow: null,
  } satisfies Gemma3Config);
});

test('the scale of the embeddings is the float32 nearest to the root of their width', () => {
  // torch.tensor(640**0.5)
  assert.equal(parse({ hidden_size: 640 }).embeddingScale, 25.298221588134766);
});

const scaling = { rope_type: 'linear', factor: 8 };
const ropes: readonly (readonly [string, Fields, object, object])[] = [
  [
    '4: bases alone',
    { rope_theta: 500_000, rope_local_base_freq: 20_000, rope_scaling: null },
    { type: 'default', theta: 500_000 },
    { type: 'default', theta: 20_000 },
  ],
  [
    '4: scaling is of the global layers',
    { rope_theta: 500_000, rope_local_base_freq: 20_000, rope_scaling: scaling },
    { type: 'linear', theta: 500_000, factor: 8 },
    { type: 'default', theta: 20_000 },
  ],
  [
    '5: parameters by type',
    {
      rope_parameters: {
        full_attention: { ...scaling, rope_theta: 500_000 },
        sliding_attention: { rope_type: 'default', rope_theta: 20_000 },
      },
    },
    { type: 'linear', theta: 500_000, factor: 8 },
    { type: 'default', theta: 20_000 },
  ],
  [
    '5: what a type leaves out',
    { rope_theta: 700_000, rope_parameters: { full_attention: scaling } },
    { type: 'linear', theta: 700_000, factor: 8 },
    { type: 'default', theta: 10_000 },
  ],
];
for (const [what, fields, rope, localRope] of ropes) {
  test(`rotary embeddings, transformers ${what}`, () => {
    const config = parse(fields);
    assert.deepEqual([config.rope, config.localRope], [rope, localRope]);
  });
}

test('which layers are local: by pattern, or one by one', () => {
  const layers = (fields: Fields) => parse({ num_hidden_layers: 4, ...fields }).localLayers;
  assert.deepEqual(layers({ sliding_window_pattern: 3 }), [local, local, global, local]);
  assert.deepEqual(layers({ sliding_window_pattern: 1 }), [global, global, global, global]);
  const types = ['full_attention', 'sliding_attention', 'full_attention', 'full_attention'];
  const given = { layer_types: types, sliding_window_pattern: 2 };
  assert.deepEqual(layers(given), [global, local, global, global]);
});

const refusals: readonly (readonly [string, Fields])[] = [
  ['hidden_activation', { hidden_activation: 'gelu' }],
  ['attention_bias', { attention_bias: true }],
  ['use_bidirectional_attention', { use_bidirectional_attention: true }],
  ['final_logit_softcapping', { final_logit_softcapping: 30 }],
  ['attn_logit_softcapping', { attn_logit_softcapping: 50 }],
  ['num_key_value_heads', { num_key_value_heads: 3 }],
  ['head_dim', { head_dim: 15 }],
  ['query_pre_attn_scalar', { query_pre_attn_scalar: 0 }],
  ['max_position_embeddings', { max_position_embeddings: 2 ** 20 }],
  ['num_hidden_layers', { num_hidden_layers: 1e9 }],
  ['sliding_window_pattern', { sliding_window_pattern: 0 }],
  ['sliding_window', { sliding_window: null }],
  ['sliding_window', { sliding_window: -1 }],
  ['layer_types', { num_hidden_layers: 2, layer_types: ['full_attention'] }],
  ['layer_types', { num_hidden_layers: 1, layer_types: ['chunked_attention'] }],
  ['rope_scaling', { rope_scaling: 'linear' }],
  ['rope_scaling', { rope_scaling: scaling, rope_parameters: { full_attention: scaling } }],
  ['rope_type', { rope_scaling: { rope_type: 'yarn', factor: 4 } }],
  ['rope_parameters', { rope_parameters: scaling }],
  ['sliding_attention', { rope_parameters: { sliding_attention: 1 } }],
  ['rope_local_base_freq', { rope_local_base_freq: 0 }],
  ['quantization_config', { quantization_config: { quant_method: 'gptq' } }],
];
for (const [field, fields] of refusals) {
  test(`refused naming ${field}: ${JSON.stringify(fields)}`, () => {
    assert.throws(() => parse(fields), refused('unsupported_config', field));
  });
}
