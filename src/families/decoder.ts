/**
 * What every decoder-only family shares: its configuration, the weights that it is built from, and the
 * inputs and outputs of its serving graph.
 */

/** Rotary embedding frequencies, as in transformers' `rope_parameters`. */
export type RopeConfig =
  | { readonly type: 'default'; readonly theta: number }
  | { readonly type: 'linear'; readonly theta: number; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly theta: number;
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalContextLength: number;
    }
  /** Explicit divisors of the frequencies [head_dim / 2], as GGUF stores them in `rope_freqs.weight`. */
  | { readonly type: 'factors'; readonly theta: number; readonly factors: readonly number[] };

/** Sizes that every decoder has. */
export interface DecoderSizes {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  /** The logits use the embedding table as their weight. */
  readonly tiedEmbeddings: boolean;
  /** Positions that the model knows. */
  readonly contextLength: number;
  /** Positions that a token can look back, itself included (mistral 0.1); null: all. Applied by the mask. */
  readonly slidingWindow: number | null;
  /** Token embeddings are multiplied by this before a prompt's rows join them, which are not; 1 where it is left out. */
  readonly embeddingScale?: number;
  /** Attention scores are divided by the root of this; headDim where it is left out. */
  readonly queryPreAttnScalar?: number;
}

/** A decoder of the llama kind; qwen3 also has a norm on each head's queries and keys. */
export interface LlamaConfig extends DecoderSizes {
  readonly architecture: 'llama' | 'mistral' | 'phi3' | 'qwen2' | 'qwen3';
  readonly rmsNormEps: number;
  readonly rope: RopeConfig;
  /** Biases on the query, key and value projections (qwen2, or llama with attention_bias). */
  readonly qkvBias: boolean;
  /** Bias on the attention's output projection (llama with attention_bias). */
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
}

/** GPT-2 (Radford et al. 2019): learned positions, LayerNorm, a bias on every linear layer but the head. */
export interface Gpt2Config extends DecoderSizes {
  readonly architecture: 'gpt2';
  readonly layerNormEps: number;
}

/**
 * Gemma 3 (Gemma Team 2025; transformers' Gemma3ForCausalLM): local layers, which see a window of positions, between
 * global ones; RMSNorms before and after attention and feed-forward network; GeGLU. The norms' scales are stored as
 * they are applied, 1 + w of the checkpoint's w.
 */
export interface Gemma3Config extends DecoderSizes {
  readonly architecture: 'gemma3';
  readonly rmsNormEps: number;
  /** Of the global layers. */
  readonly rope: RopeConfig;
  readonly localRope: RopeConfig;
  /** Which layers are local. */
  readonly localLayers: readonly boolean[];
  /** Positions that a token can look back in a local layer, itself included. */
  readonly localWindow: number;
  readonly embeddingScale: number;
  readonly queryPreAttnScalar: number;
}

export type DecoderConfig = LlamaConfig | Gpt2Config | Gemma3Config;

/** A tensor inside one of the bundle's weight files. */
export interface StoredTensor {
  readonly file: string;
  readonly dtype: 'float32' | 'float16' | 'int8' | 'uint8';
  readonly shape: readonly number[];
  /** Byte offset in the file; a multiple of 64. */
  readonly offset: number;
  readonly bytes: number;
}

/** The weight W [out, in] of a linear layer y = x W^T, in one of the forms that the graph can multiply. */
export type LinearWeight =
  | { readonly format: 'float32'; readonly weight: StoredTensor /* [out, in] */ }
  /** A Gemm of float16 between casts from and to float32. */
  | { readonly format: 'float16'; readonly weight: StoredTensor /* [out, in] */ }
  /**
   * com.microsoft MatMulIntegerToFloat with activations of 16 bits: w = scale * (q + r / 256), one scale an output.
   * `residual` holds r, what the rounding to q left; null where 8 bits of weight are enough.
   */
  | {
      readonly format: 'rowwise-int8';
      readonly weight: StoredTensor /* int8 [in, out] */;
      readonly scales: StoredTensor /* float32 [out] */;
      readonly residual: StoredTensor | null /* int8 [in, out] */;
    }
  /**
   * com.microsoft MatMulNBits: w = scale * (q - 2^(bits-1)) + offset, block by block along the input.
   * `offsets` (float32 [in / block, out]) carries Q4_1-like minima: offset = m + scale * 2^(bits-1).
   */
  | {
      readonly format: 'blockwise';
      readonly bits: 4 | 8;
      readonly blockSize: number;
      readonly weight: StoredTensor /* uint8 [out, in / block, block * bits / 8] */;
      readonly scales: StoredTensor /* float32 [out * in / block] */;
      readonly offsets: StoredTensor | null;
    };

/**
 * The weights of a model under their Hugging Face names: linear layers without the `.weight` suffix
 * (`model.layers.0.self_attn.q_proj`, `lm_head`), other tensors with it (`model.norm.weight`,
 * `model.layers.0.self_attn.q_proj.bias`, `transformer.wpe.weight`). The embedding table is not among the tensors:
 * the engine holds it.
 */
export interface WeightCatalog {
  readonly linears: ReadonlyMap<string, LinearWeight>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Inputs and outputs of the delta-KV serving graph. The past is read in place; only the keys and values of
 * the new positions come out. Shapes:
 * - inputsEmbeds      float32 [batch, sequence, hidden]
 * - positionIds       int64   [batch, sequence]
 * - attentionBias     float32 [batch, 1, sequence, past + sequence], 0 where allowed, {@link MASKED} elsewhere
 * - pastKeys(i), pastValues(i) float32 or float16 (see `cacheType`) [batch, kv_heads, past, head_dim]; past may be 0; keys
 *   are rotated
 * - logitPositions    int64   [rows], indices into batch * sequence; at least one
 * - hiddenStates      float32 [rows, hidden], behind the final norm; what the head of a classifier reads
 * - logits            float32 [rows, vocab]
 * - bestRows          int64   [best], indices into the logit rows; at least one, or TopK divides by zero
 * - bestLogits, bestTokens float32 and int64 [best, {@link bestCount}], largest first
 * - scoredRows        int64   [scored], indices into the logit rows; may be empty
 * - scorePairs        int64   [pairs, 2]: index into scoredRows, token id
 * - scores            float32 [pairs], log p(token) under softmax of the row
 * - newKeysValues     as the past [2 * layers, batch, kv_heads, sequence, head_dim]; keys of layer i at 2i, values at 2i + 1
 */
export const SERVING_IO = {
  inputsEmbeds: 'inputs_embeds',
  positionIds: 'position_ids',
  attentionBias: 'attention_bias',
  pastKeys: (layer: number): string => `past_keys.${layer}`,
  pastValues: (layer: number): string => `past_values.${layer}`,
  logitPositions: 'logit_positions',
  hiddenStates: 'hidden_states',
  logits: 'logits',
  bestRows: 'best_rows',
  bestLogits: 'best_logits',
  bestTokens: 'best_tokens',
  scoredRows: 'scored_rows',
  scorePairs: 'score_pairs',
  scores: 'scores',
  newKeysValues: 'new_keys_values',
} as const;

/** Number of best tokens that the serving graph tells of a row. */
export function bestCount(vocabSize: number): number {
  return Math.min(64, vocabSize);
}

/** Added to the score of a position that may not be seen: exp underflows to 0, and no NaN can arise. */
export const MASKED = -1e9;
