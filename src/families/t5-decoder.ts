import { add, type Graph, input, mul, type Result, scalar, type Value } from '../graph/index.ts';
import { groupedQueryAttention, type KeysValues, splitHeads, type TokenShape } from './attention.ts';
import { cached, cacheType } from './cache-type.ts';
import { CROSS_IO } from './encoder-decoder.ts';
import { type LinearInput, namedLinear } from './linear.ts';
import { keyPositions } from './positions.ts';
import { relativeBias } from './relative-bias.ts';
import { assembleServing } from './serving.ts';
import {
  attend,
  checkT5Config,
  type T5,
  t5Buckets,
  t5FeedForward,
  t5Norm,
  t5Output,
  t5Projections,
  t5RelativeTable,
  t5Sizes,
} from './t5-layers.ts';

/** The decoder's serving graph; beside SERVING_IO's inputs it has those of CROSS_IO. */
export function buildT5Decoder(t5: T5): Graph {
  checkT5Config(t5.config);
  const { numDecoderLayers, numAttentionHeads, headDim } = t5.config;
  const type = cacheType(t5.weights);
  const cross = (name: string) => input(name, type, ['batch', numAttentionHeads, 'source', headDim]);
  const sources = Array.from({ length: numDecoderLayers }, (_, layer) => ({
    keys: cross(CROSS_IO.crossKeys(layer)),
    values: cross(CROSS_IO.crossValues(layer)),
  }));
  const sourceBias = input(CROSS_IO.sourceBias, 'float32', ['batch', 1, 1, 'source']);
  const sizes = t5Sizes(t5.config);
  return assembleServing(
    { ...t5.config, numLayers: numDecoderLayers },
    ({ positionIds, pastKeys, attention }) => {
      const distances = relativeBias(
        keyPositions(pastKeys, positionIds),
        positionIds,
        t5RelativeTable('decoder', t5),
        t5Buckets(t5.config, false),
      );
      const context = { ...attention, bias: add(attention.bias, distances) };
      return {
        embed: (embeddings) => embeddings,
        attention: (hidden, layer, past) => {
          const { queries, ...made } = t5SelfProjections(hidden, layer, attention, t5);
          const current = cached(made, type);
          const mixed = groupedQueryAttention(queries, past, current, context, sizes);
          return { output: t5Output(mixed, selfPrefix(layer), t5), current };
        },
        crossAttention: (hidden, layer) =>
          t5CrossAttention(hidden, layer, sources[layer]!, sourceBias, attention, t5),
        feedForward: (hidden, layer) => t5FeedForward(hidden, `decoder.block.${layer}.layer.2`, t5),
        norm: (hidden) => t5Norm(hidden, 'decoder.final_layer_norm', t5),
        logits: (normed) => t5Logits(normed, t5),
      };
    },
    type,
    [...sources.flatMap(({ keys, values }) => [keys, values]), sourceBias],
  );
}

export const selfPrefix = (layer: number): string => `decoder.block.${layer}.layer.0.SelfAttention`;

/** Queries, keys and values of a decoder layer, each float32 [batch, heads, sequence, head_dim]. */
export function t5SelfProjections(
  hidden: Value,
  layer: number,
  shape: TokenShape,
  t5: T5,
): KeysValues & { readonly queries: Value } {
  const { numAttentionHeads, headDim } = t5.config;
  const normed = t5Norm(hidden, `decoder.block.${layer}.layer.0.layer_norm`, t5);
  const [queries, keys, values] = t5Projections(normed, selfPrefix(layer), ['q', 'k', 'v'], t5).map((x) =>
    splitHeads(x, numAttentionHeads, headDim, shape),
  );
  return { queries: queries!, keys: keys!, values: values! };
}

/** What attention to the encoder's output adds to the decoder's hidden states; it knows no distances. */
export function t5CrossAttention(
  hidden: Value,
  layer: number,
  source: KeysValues,
  sourceBias: Value,
  shape: TokenShape,
  t5: T5,
): Result {
  const { numAttentionHeads, headDim } = t5.config;
  const block = `decoder.block.${layer}.layer.1`;
  const prefix = `${block}.EncDecAttention`;
  const [q] = t5Projections(t5Norm(hidden, `${block}.layer_norm`, t5), prefix, ['q'], t5);
  const queries = splitHeads(q!, numAttentionHeads, headDim, shape);
  return t5Output(attend(queries, source, sourceBias), prefix, t5);
}

/** float32 [rows, vocab] from the decoder's last hidden states, behind their norm. */
export function t5Logits(normed: LinearInput, { config, weights }: T5): Result {
  const head = { name: 'lm_head', outSize: config.vocabSize, hasBias: false };
  const scale = scalar(config.hiddenSize ** -0.5);
  const x = config.scaledHead ? { x: mul(normed.x, scale), gain: mul(normed.gain!, scale) } : normed;
  return namedLinear(x, head, weights);
}
