import type { Gemma3Config, LlamaConfig, RopeConfig } from '../families/decoder.ts';
import type { T5Config } from '../families/encoder-decoder.ts';
import { Fields, MAX_CONTEXT_LENGTH } from './fields.ts';
import { gemma3Of } from './gguf-gemma3.ts';
import { ggufT5 } from './gguf-t5.ts';
import type { GgufValue } from './gguf-types.ts';

const ARCHITECTURES = ['llama', 'qwen2', 'qwen3', 'gemma3', 't5'] as const;

/** What the tensors say and the metadata does not. */
export interface GgufTensorFacts {
  /** Whether the file has a tensor of this (GGUF) name. */
  readonly has: (name: string) => boolean;
  /** Rows of the embedding table. */
  readonly vocabSize: number;
  /** Content of `rope_freqs.weight` [head_dim / 2], or null. */
  readonly ropeFactors: readonly number[] | null;
}

/**
 * Reads the metadata of a GGUF file of architecture `llama` (mistral too: llama.cpp does not tell them apart),
 * `qwen2`, `qwen3`, `gemma3` or `t5`. Defaults are llama.cpp's. Throws `unprocessable` unsupported_config naming the field.
 */
export function parseGgufConfig(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: GgufTensorFacts,
): LlamaConfig | Gemma3Config | T5Config {
  const fields = new Fields('GGUF metadata', metadata);
  const architecture = ARCHITECTURES.find((name) => name === fields.get('general.architecture'));
  if (architecture === undefined) {
    throw fields.wrong('general.architecture', `one of ${ARCHITECTURES.join(', ')}`);
  }
  fields.only('split.count', 1);
  if (architecture === 't5') return ggufT5(fields, tensors);
  const key = (name: string): string => `${architecture}.${name}`;
  fields.only(key('expert_count'), 0);

  const hiddenSize = fields.size(key('embedding_length'));
  const numAttentionHeads = fields.size(key('attention.head_count'));
  const numKeyValueHeads = fields.size(key('attention.head_count_kv'), numAttentionHeads);
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw fields.wrong(key('attention.head_count_kv'), `a divisor of head_count (${numAttentionHeads})`);
  }
  const headDim = fields.size(key('attention.key_length'), hiddenSize / numAttentionHeads);
  if (headDim % 2 !== 0) throw fields.wrong(key('attention.key_length'), 'an even number', headDim);
  fields.only(key('attention.value_length'), headDim);
  fields.only(key('rope.dimension_count'), headDim);
  fields.only(key('vocab_size'), tensors.vocabSize);

  const shared = {
    hiddenSize,
    intermediateSize: fields.size(key('feed_forward_length')),
    numLayers: fields.size(key('block_count')),
    numAttentionHeads,
    numKeyValueHeads,
    headDim,
    vocabSize: tensors.vocabSize,
    rmsNormEps: fields.positive(key('attention.layer_norm_rms_epsilon')),
    rope: parseRope(fields, key, headDim, tensors.ropeFactors),
    tiedEmbeddings: !tensors.has('output.weight'),
    contextLength: fields.size(key('context_length'), undefined, MAX_CONTEXT_LENGTH),
  };
  if (architecture === 'gemma3') return gemma3Of(shared, fields);
  return {
    architecture,
    ...shared,
    qkvBias: architecture === 'qwen2' || tensors.has('blk.0.attn_q.bias'),
    outputBias: tensors.has('blk.0.attn_output.bias'),
    mlpBias: tensors.has('blk.0.ffn_gate.bias'),
    slidingWindow: fields.count(key('attention.sliding_window'), 0) || null,
  };
}

function parseRope(
  fields: Fields,
  key: (name: string) => string,
  headDim: number,
  factors: readonly number[] | null,
): RopeConfig {
  const theta = fields.positive(key('rope.freq_base'), 10_000);
  const typeField = key('rope.scaling.type');
  const type = fields.text(typeField) ?? 'none';
  if (type !== 'none' && type !== 'linear') throw fields.wrong(typeField, 'none or linear');
  const factor = type === 'linear' ? fields.positive(key('rope.scaling.factor')) : 1;
  if (factors === null) return factor === 1 ? { type: 'default', theta } : { type: 'linear', theta, factor };

  if (factor !== 1) throw fields.wrong(typeField, 'none, as the file has rope_freqs.weight');
  if (factors.length !== headDim / 2 || !factors.every((value) => Number.isFinite(value) && value > 0)) {
    throw fields.wrong('rope_freqs.weight', `${headDim / 2} positive numbers`, factors);
  }
  return { type: 'factors', theta, factors };
}
