import type { Gemma3Config, RopeConfig } from '../families/decoder.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import { Fields } from './fields.ts';
import { embeddingScaleOf, localLayersOf, MAX_GEMMA3_CONTEXT, MAX_GEMMA3_LAYERS } from './gemma3.ts';
import { ropeFields, ropeOf } from './hf-rope.ts';

const [LOCAL, GLOBAL] = ['sliding_attention', 'full_attention'] as const;

/**
 * Reads a Gemma3TextConfig, as transformers 4 (`rope_theta`, `rope_local_base_freq`, `rope_scaling`,
 * `sliding_window_pattern`) or 5 (`rope_parameters` by layer type, `layer_types`) writes it, with its defaults.
 * Throws `unprocessable` unsupported_config naming the field.
 */
export function parseGemma3(json: JsonObject, fields: Fields): Gemma3Config {
  fields.only('hidden_activation', 'gelu_pytorch_tanh');
  fields.only('attention_bias', false);
  fields.only('use_bidirectional_attention', false);
  for (const field of ['final_logit_softcapping', 'attn_logit_softcapping']) {
    if (fields.get(field) !== undefined) throw fields.wrong(field, 'null: no softcapping');
  }
  const hiddenSize = fields.size('hidden_size', 2304);
  const numAttentionHeads = fields.size('num_attention_heads', 8);
  const numKeyValueHeads = fields.size('num_key_value_heads', 4);
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw fields.wrong('num_key_value_heads', `a divisor of num_attention_heads (${numAttentionHeads})`);
  }
  const headDim = fields.size('head_dim', 256);
  if (headDim % 2 !== 0) throw fields.wrong('head_dim', 'an even number', headDim);
  const numLayers = fields.size('num_hidden_layers', 26, MAX_GEMMA3_LAYERS);
  const contextLength = fields.size('max_position_embeddings', 131_072, MAX_GEMMA3_CONTEXT);
  const localLayers = parseLayers(fields, numLayers);
  if (localLayers.includes(true) && fields.isNull('sliding_window')) {
    throw fields.wrong('sliding_window', 'a number of positions, as some layers are local', null);
  }
  return {
    architecture: 'gemma3',
    hiddenSize,
    intermediateSize: fields.size('intermediate_size', 9216),
    numLayers,
    numAttentionHeads,
    numKeyValueHeads,
    headDim,
    vocabSize: fields.size('vocab_size', 262_208),
    rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
    ...parseRopes(json, fields, contextLength),
    localLayers,
    localWindow: fields.size('sliding_window', 4096),
    embeddingScale: embeddingScaleOf(hiddenSize),
    queryPreAttnScalar: fields.positive('query_pre_attn_scalar', 256),
    tiedEmbeddings: fields.flag('tie_word_embeddings', true),
    contextLength,
    slidingWindow: null,
  };
}

/** Which layers are local. */
function parseLayers(fields: Fields, numLayers: number): readonly boolean[] {
  const types = fields.get('layer_types');
  if (types === undefined) return localLayersOf(numLayers, fields.size('sliding_window_pattern', 6));
  if (!Array.isArray(types) || types.length !== numLayers) {
    throw fields.wrong('layer_types', `${numLayers} layer types`);
  }
  return types.map((type) => {
    if (type !== LOCAL && type !== GLOBAL) throw fields.wrong('layer_types', `${LOCAL} or ${GLOBAL}`, type);
    return type === LOCAL;
  });
}

/** Version 4 has one rope_scaling, of the global layers; version 5 has parameters for each type of layer. */
function parseRopes(
  json: JsonObject,
  fields: Fields,
  contextLength: number,
): { readonly rope: RopeConfig; readonly localRope: RopeConfig } {
  const byType = fields.get('rope_parameters') === undefined ? null : typesOf(json, fields);
  const global = byType?.(GLOBAL) ?? ropeFields('rope_scaling', json, fields);
  const local = byType?.(LOCAL) ?? new Fields('config.json', new Map());
  const theta = (rope: Fields, field: string, base: number): number =>
    rope.get('rope_theta') === undefined ? fields.positive(field, base) : rope.positive('rope_theta');
  return {
    rope: ropeOf(global, theta(global, 'rope_theta', 1_000_000), contextLength),
    localRope: ropeOf(local, theta(local, 'rope_local_base_freq', 10_000), contextLength),
  };
}

function typesOf(json: JsonObject, fields: Fields): (type: string) => Fields {
  const types = json.get('rope_parameters');
  if (!isJsonObject(types) || [...types.keys()].some((type) => type !== LOCAL && type !== GLOBAL)) {
    throw fields.wrong('rope_parameters', `an object with ${LOCAL} and ${GLOBAL}`);
  }
  if (fields.get('rope_scaling') !== undefined) {
    throw fields.wrong('rope_scaling', 'nothing beside rope_parameters');
  }
  const origin = 'config.json: rope_parameters';
  return (type) => ropeFields(type, types, new Fields(origin, types), origin);
}
