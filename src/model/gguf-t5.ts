import type { T5Config } from '../families/encoder-decoder.ts';
import { type Fields, MAX_CONTEXT_LENGTH } from './fields.ts';
import type { GgufTensorFacts } from './gguf-config.ts';

/** llama.cpp's; GGUF has no field for it. */
const MAX_DISTANCE = 128;

/**
 * Reads the metadata of architecture `t5`. What they leave out follows from the tensors, as in all published models: a
 * gate means T5 1.1 with its GELU and an unscaled head, none the first T5 with ReLU and a scaled one.
 */
export function ggufT5(fields: Fields, { has, vocabSize }: GgufTensorFacts): T5Config {
  const key = (name: string): string => `t5.${name}`;
  const numAttentionHeads = fields.size(key('attention.head_count'));
  fields.only(key('attention.head_count_kv'), numAttentionHeads);
  const headDim = fields.size(key('attention.key_length'));
  fields.only(key('attention.value_length'), headDim);
  fields.only(key('vocab_size'), vocabSize);
  const numLayers = fields.size(key('block_count'));
  const bucketsField = key('attention.relative_buckets_count');
  const relativeBuckets = fields.size(bucketsField, undefined, MAX_DISTANCE);
  if (relativeBuckets % 4 !== 0) throw fields.wrong(bucketsField, 'a multiple of 4');
  const startTokenId = fields.count(key('decoder_start_token_id'), 0);
  if (startTokenId >= vocabSize) {
    throw fields.wrong(key('decoder_start_token_id'), `a token id below ${vocabSize}`);
  }
  const gated = has('enc.blk.0.ffn_gate.weight');
  return {
    architecture: 't5',
    hiddenSize: fields.size(key('embedding_length')),
    intermediateSize: fields.size(key('feed_forward_length')),
    numLayers,
    numDecoderLayers: fields.size(key('decoder_block_count'), numLayers),
    numAttentionHeads,
    numKeyValueHeads: numAttentionHeads,
    headDim,
    vocabSize,
    activation: gated ? 'gelu' : 'relu',
    gated,
    relativeBuckets,
    relativeMaxDistance: MAX_DISTANCE,
    rmsNormEps: fields.positive(key('attention.layer_norm_rms_epsilon')),
    scaledHead: !gated,
    tiedEmbeddings: !has('output.weight'),
    contextLength: fields.size(key('context_length'), 512, MAX_CONTEXT_LENGTH),
    slidingWindow: null,
    decoderStartTokenId: startTokenId,
  };
}

const WHOLE: Readonly<Record<string, string>> = {
  'token_embd.weight': 'shared.weight',
  'output.weight': 'lm_head.weight',
  'enc.output_norm.weight': 'encoder.final_layer_norm.weight',
  'dec.output_norm.weight': 'decoder.final_layer_norm.weight',
};

/** Parts of a block that both stacks have; the feed-forward network is the last layer of its block. */
const parts = (feedForward: number, isGated: boolean): Readonly<Record<string, string>> => ({
  attn_norm: 'layer.0.layer_norm',
  attn_q: 'layer.0.SelfAttention.q',
  attn_k: 'layer.0.SelfAttention.k',
  attn_v: 'layer.0.SelfAttention.v',
  attn_o: 'layer.0.SelfAttention.o',
  attn_rel_b: 'layer.0.SelfAttention.relative_attention_bias',
  ffn_norm: `layer.${feedForward}.layer_norm`,
  ffn_gate: `layer.${feedForward}.DenseReluDense.wi_0`,
  ffn_up: `layer.${feedForward}.DenseReluDense.${isGated ? 'wi_1' : 'wi'}`,
  ffn_down: `layer.${feedForward}.DenseReluDense.wo`,
});

const CROSS: Readonly<Record<string, string>> = {
  cross_attn_norm: 'layer.1.layer_norm',
  cross_attn_q: 'layer.1.EncDecAttention.q',
  cross_attn_k: 'layer.1.EncDecAttention.k',
  cross_attn_v: 'layer.1.EncDecAttention.v',
  cross_attn_o: 'layer.1.EncDecAttention.o',
};

const BLOCK_TENSOR = /^(enc|dec)\.blk\.(0|[1-9][0-9]{0,8})\.([a-z_]+)\.weight$/;

/** The Hugging Face name of a tensor of architecture `t5`; one that is not known stays as it is. */
export function ggufT5Name(name: string, { gated }: Pick<T5Config, 'gated'>): string {
  const [, stack, block, part = ''] = BLOCK_TENSOR.exec(name) ?? [];
  if (stack === undefined) return Object.hasOwn(WHOLE, name) ? WHOLE[name]! : name;
  const isDecoder = stack === 'dec';
  const names = { ...parts(isDecoder ? 2 : 1, gated), ...(isDecoder && CROSS) };
  if (!Object.hasOwn(names, part)) return name;
  return `${isDecoder ? 'decoder' : 'encoder'}.block.${block}.${names[part]}.weight`;
}

/** A table that old converters keep and nothing reads. */
export const isUnusedT5Tensor = (name: string): boolean => /\.cross_attn_rel_b\.weight$/.test(name);
