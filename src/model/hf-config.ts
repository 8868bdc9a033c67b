import type { Gpt2Config, LlamaConfig, RopeConfig } from '../families/decoder.ts';
import type { ModelConfig } from '../families/index.ts';
import type { JsonObject } from '../formats/json.ts';
import { Fields, MAX_CONTEXT_LENGTH } from './fields.ts';
import { parseT5 } from './hf-config-t5.ts';
import { parseGemma3 } from './hf-gemma3.ts';
import { ropeFields, ropeOf } from './hf-rope.ts';

const ARCHITECTURES = ['llama', 'mistral', 'phi3', 'qwen2', 'qwen3', 'gpt2', 'gemma3_text', 't5'] as const;

/**
 * Reads a transformers config.json, version 4 (`rope_theta` with `rope_scaling`) or 5 (`rope_parameters`).
 * Defaults are those of LlamaConfig, MistralConfig, Phi3Config, Qwen2Config, Qwen3Config, GPT2Config, Gemma3TextConfig
 * and T5Config.
 * Throws `unprocessable` unsupported_config naming the field.
 * @param hasHead the checkpoint has a tensor of its own for the head
 */
export function parseHuggingFaceConfig(json: JsonObject, hasHead: boolean): ModelConfig {
  const fields = new Fields('config.json', json);
  if (fields.get('model_type') === 'gemma3') {
    throw fields.wrong('model_type', 'gemma3_text: the language model saved without its image encoder');
  }
  const architecture = ARCHITECTURES.find((name) => name === fields.get('model_type'));
  if (architecture === undefined) throw fields.wrong('model_type', `one of ${ARCHITECTURES.join(', ')}`);
  if (fields.get('quantization_config') !== undefined) {
    throw fields.wrong('quantization_config', 'no quantisation: F32, F16 or BF16 weights');
  }
  switch (architecture) {
    case 't5':
      return parseT5(fields, hasHead);
    case 'gpt2':
      return parseGpt2(fields);
    case 'gemma3_text':
      return parseGemma3(json, fields);
    default:
      return parseLlama(json, fields, architecture);
  }
}

function parseGpt2(fields: Fields): Gpt2Config {
  fields.only('activation_function', 'gelu_new');
  fields.only('scale_attn_weights', true);
  fields.only('scale_attn_by_inverse_layer_idx', false);
  fields.only('add_cross_attention', false);
  const hiddenSize = fields.size('n_embd', 768);
  const numAttentionHeads = fields.size('n_head', 12);
  if (hiddenSize % numAttentionHeads !== 0) {
    throw fields.wrong('n_head', `a divisor of n_embd (${hiddenSize})`, numAttentionHeads);
  }
  return {
    architecture: 'gpt2',
    hiddenSize,
    intermediateSize: fields.size('n_inner', 4 * hiddenSize),
    numLayers: fields.size('n_layer', 12),
    numAttentionHeads,
    numKeyValueHeads: numAttentionHeads,
    headDim: hiddenSize / numAttentionHeads,
    vocabSize: fields.size('vocab_size', 50_257),
    layerNormEps: fields.positive('layer_norm_epsilon', 1e-5),
    tiedEmbeddings: fields.flag('tie_word_embeddings', true),
    contextLength: fields.size('n_positions', 1024, MAX_CONTEXT_LENGTH),
    slidingWindow: null,
  };
}

function parseLlama(
  json: JsonObject,
  fields: Fields,
  architecture: LlamaConfig['architecture'],
): LlamaConfig {
  fields.only('hidden_act', 'silu');

  const hiddenSize = fields.size('hidden_size');
  const numAttentionHeads = fields.size('num_attention_heads');
  const numKeyValueHeads = fields.size('num_key_value_heads', numAttentionHeads);
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw fields.wrong('num_key_value_heads', `a divisor of num_attention_heads (${numAttentionHeads})`);
  }
  const headDim = fields.size('head_dim', architecture === 'qwen3' ? 128 : hiddenSize / numAttentionHeads);
  if (headDim % 2 !== 0) throw fields.wrong('head_dim', 'an even number', headDim);
  const numLayers = fields.size('num_hidden_layers');
  const contextLength = fields.size('max_position_embeddings', undefined, MAX_CONTEXT_LENGTH);
  const mayHaveBias = architecture === 'llama' || architecture === 'qwen3';
  const attentionBias = mayHaveBias && fields.flag('attention_bias', false);

  return {
    architecture,
    hiddenSize,
    intermediateSize: fields.size('intermediate_size'),
    numLayers,
    numAttentionHeads,
    numKeyValueHeads,
    headDim,
    vocabSize: fields.size('vocab_size'),
    rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
    rope: parseRope(json, fields, contextLength),
    qkvBias: architecture === 'qwen2' || attentionBias,
    outputBias: attentionBias,
    mlpBias: architecture === 'llama' && fields.flag('mlp_bias', false),
    tiedEmbeddings: fields.flag('tie_word_embeddings', false),
    contextLength,
    slidingWindow: parseSlidingWindow(fields, architecture, numLayers),
  };
}

function parseRope(json: JsonObject, fields: Fields, contextLength: number): RopeConfig {
  const current = fields.get('rope_parameters') !== undefined;
  const rope = ropeFields(current ? 'rope_parameters' : 'rope_scaling', json, fields);
  const theta = current && rope.get('rope_theta') !== undefined ? rope : fields;
  fields.only('partial_rotary_factor', 1);
  return ropeOf(rope, theta.positive('rope_theta', 10_000), contextLength);
}

/** One window for all layers or none: the mask is shared by all layers. */
function parseSlidingWindow(
  fields: Fields,
  architecture: LlamaConfig['architecture'],
  numLayers: number,
): number | null {
  if (architecture === 'llama') return null;
  if (architecture === 'phi3') {
    return fields.get('sliding_window') === undefined ? null : fields.size('sliding_window');
  }
  if (architecture === 'mistral') {
    // An explicit null means no window; only a missing field has MistralConfig's default.
    if (fields.isNull('sliding_window')) return null;
    return fields.size('sliding_window', 4096);
  }
  if (!fields.flag('use_sliding_window', false)) return null;
  if (fields.isNull('sliding_window')) return null;

  const layerTypes = fields.get('layer_types');
  if (layerTypes === undefined) {
    const fullLayers = Math.min(fields.count('max_window_layers', 28), numLayers);
    if (fullLayers === numLayers) return null;
    if (fullLayers > 0)
      throw fields.wrong(
        'max_window_layers',
        `0 or at least ${numLayers}: one window for all layers`,
        fullLayers,
      );
  } else {
    if (!Array.isArray(layerTypes) || layerTypes.length !== numLayers) {
      throw fields.wrong('layer_types', `${numLayers} layer types`);
    }
    if (layerTypes.every((type) => type === 'full_attention')) return null;
    if (!layerTypes.every((type) => type === 'sliding_attention')) {
      throw fields.wrong('layer_types', 'the same type in all layers');
    }
  }
  return fields.size('sliding_window', 4096);
}
