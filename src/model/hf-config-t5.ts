import type { T5Config } from '../families/encoder-decoder.ts';
import { type Fields, MAX_CONTEXT_LENGTH } from './fields.ts';

/** `feed_forward_proj` and what it stands for; transformers takes `gelu_new` for gated-gelu. */
const FEED_FORWARD: Readonly<Record<string, Pick<T5Config, 'activation' | 'gated'>>> = {
  relu: { activation: 'relu', gated: false },
  'gated-gelu': { activation: 'gelu', gated: true },
  'gated-silu': { activation: 'silu', gated: true },
};

/**
 * Reads transformers' T5Config. The head is the embedding table unless the checkpoint holds one (`hasHead`), as in
 * transformers 5; whether its input is scaled is what version 4 wrote as `tie_word_embeddings`.
 */
export function parseT5(fields: Fields, hasHead: boolean): T5Config {
  const numAttentionHeads = fields.size('num_heads', 8);
  const numLayers = fields.size('num_layers', 6);
  const relativeBuckets = fields.size('relative_attention_num_buckets', 32);
  if (relativeBuckets % 4 !== 0) {
    throw fields.wrong('relative_attention_num_buckets', 'a multiple of 4', relativeBuckets);
  }
  const relativeMaxDistance = fields.size('relative_attention_max_distance', 128, MAX_CONTEXT_LENGTH);
  if (relativeMaxDistance <= relativeBuckets / 2) {
    throw fields.wrong(
      'relative_attention_max_distance',
      `above ${relativeBuckets / 2}`,
      relativeMaxDistance,
    );
  }
  const projection = fields.text('feed_forward_proj') ?? 'relu';
  const feedForward = Object.hasOwn(FEED_FORWARD, projection) ? FEED_FORWARD[projection] : undefined;
  if (feedForward === undefined) {
    throw fields.wrong('feed_forward_proj', `one of ${Object.keys(FEED_FORWARD).join(', ')}`);
  }
  const vocabSize = fields.size('vocab_size', 32_128);
  const startTokenId = fields.count('decoder_start_token_id', fields.count('pad_token_id', 0));
  if (startTokenId >= vocabSize) {
    throw fields.wrong('decoder_start_token_id', `a token id below ${vocabSize}`, startTokenId);
  }
  return {
    architecture: 't5',
    hiddenSize: fields.size('d_model', 512),
    intermediateSize: fields.size('d_ff', 2048),
    numLayers,
    numDecoderLayers: fields.size('num_decoder_layers', numLayers),
    numAttentionHeads,
    numKeyValueHeads: numAttentionHeads,
    headDim: fields.size('d_kv', 64),
    vocabSize,
    ...feedForward,
    relativeBuckets,
    relativeMaxDistance,
    rmsNormEps: fields.positive('layer_norm_epsilon', 1e-6),
    scaledHead: fields.flag('scale_decoder_outputs', fields.flag('tie_word_embeddings', true)),
    tiedEmbeddings: !hasHead,
    // What T5 was trained on; its relative positions have no end of their own.
    contextLength: fields.size('n_positions', 512, MAX_CONTEXT_LENGTH),
    slidingWindow: null,
    decoderStartTokenId: startTokenId,
  };
}
