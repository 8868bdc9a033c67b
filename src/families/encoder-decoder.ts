import type { DecoderSizes } from './decoder.ts';

/**
 * T5 (Raffel et al. 2020): an encoder that sees its whole input, and a decoder that also attends to what the encoder
 * made of it. `numLayers` are the encoder's.
 */
export interface T5Config extends DecoderSizes {
  readonly architecture: 't5';
  readonly numDecoderLayers: number;
  /** Distances are told apart in so many buckets, up to a largest one. */
  readonly relativeBuckets: number;
  readonly relativeMaxDistance: number;
  readonly rmsNormEps: number;
  readonly activation: 'relu' | 'gelu' | 'silu';
  /** T5 1.1: the activation gates a second projection (Shazeer 2020). */
  readonly gated: boolean;
  /** The last hidden states are divided by sqrt(hidden) before the head. */
  readonly scaledHead: boolean;
  /** What the decoder reads first. */
  readonly decoderStartTokenId: number;
}

/**
 * Inputs and outputs of the encoder graph. "Source" is what the encoder reads: virtual tokens and input.
 * - inputsEmbeds    float32 [batch, source, hidden]
 * - sourceBias      float32 [batch, 1, 1, source], 0 for a position that exists, MASKED for padding
 * - crossKeysValues as the past of SERVING_IO [2 * decoder layers, batch, heads, source, head_dim], what the
 *                   cross-attention of each decoder layer reads: keys of layer i at 2i, values at 2i + 1
 */
export const ENCODER_IO = {
  inputsEmbeds: 'inputs_embeds',
  sourceBias: 'source_bias',
  crossKeysValues: 'cross_keys_values',
} as const;

/**
 * Inputs of the decoder graph beside those of SERVING_IO.
 * - crossKeys(i), crossValues(i) as crossKeysValues [batch, heads, source, head_dim]
 * - sourceBias                   as the encoder's
 */
export const CROSS_IO = {
  crossKeys: (layer: number): string => `cross_keys.${layer}`,
  crossValues: (layer: number): string => `cross_values.${layer}`,
  sourceBias: 'source_bias',
} as const;

/**
 * Inputs of the training graph of an encoder-decoder model beside the prompt, labels and weights of TRAINING_IO. The
 * encoder mixes the prompt with each text, so it passes through the layers once a row; the continuations of an example
 * stand side by side in one row of the decoder.
 * - inputIds         int64   [rows, text], padded with any id
 * - sourceBias       float32 [rows, 1, 1, prompt + text], 0 for a position that exists, MASKED for padding
 * - decoderIds       int64   [rows, sequence]: the start token, then what of the continuations is read
 * - decoderPositions int64   [rows, sequence]
 * - decoderBias      float32 [rows, 1, sequence, sequence], 0 where allowed, MASKED elsewhere
 * labelPositions are indices into rows * sequence.
 */
export const ENCODER_TRAINING_IO = {
  inputIds: 'input_ids',
  sourceBias: 'source_bias',
  decoderIds: 'decoder_ids',
  decoderPositions: 'decoder_positions',
  decoderBias: 'decoder_bias',
} as const;
