import { add, createGraph, type Graph, input, reshape, shapeOf, type Value } from '../graph/index.ts';
import { type KeysValues, splitHeads, type TokenShape } from './attention.ts';
import { cached, cacheType } from './cache-type.ts';
import { ENCODER_IO } from './encoder-decoder.ts';
import { positionsAlong } from './positions.ts';
import { relativeBias } from './relative-bias.ts';
import { stack } from './stack.ts';
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
} from './t5-layers.ts';

/** The encoder graph of T5, up to what the decoder's cross-attention reads; inputs and outputs are ENCODER_IO's. */
export function buildT5Encoder(t5: T5): Graph {
  checkT5Config(t5.config);
  const { hiddenSize, numDecoderLayers } = t5.config;
  const embeddings = input(ENCODER_IO.inputsEmbeds, 'float32', ['batch', 'source', hiddenSize]);
  const bias = input(ENCODER_IO.sourceBias, 'float32', ['batch', 1, 1, 'source']);
  const encoded = encodeT5(embeddings, bias, t5);
  const type = cacheType(t5.weights);
  const caches = Array.from({ length: numDecoderLayers }, (_, layer) =>
    cached(crossKeysValues(encoded, layer, t5), type),
  );
  return createGraph([embeddings, bias], {
    [ENCODER_IO.crossKeysValues]: stack(caches.flatMap(({ keys, values }) => [keys, values])),
  });
}

/** The encoder's last hidden states, float32 [batch * source, hidden]. */
export interface Encoded extends TokenShape {
  readonly hidden: Value;
}

/**
 * @param embeddings float32 [batch, source, hidden]
 * @param bias float32 [batch, 1, 1, source]
 */
export function encodeT5(embeddings: Value, bias: Value, t5: T5): Encoded {
  const { numLayers, numAttentionHeads, headDim, hiddenSize } = t5.config;
  const shape: TokenShape = { tokenShape: shapeOf(embeddings, 0, 2) };
  const positions = reshape(positionsAlong(embeddings, 1), [1, -1]);
  const buckets = t5Buckets(t5.config, true);
  const seen = add(relativeBias(positions, positions, t5RelativeTable('encoder', t5), buckets), bias);
  let hidden: Value = reshape(embeddings, [-1, hiddenSize]);
  for (let layer = 0; layer < numLayers; layer++) {
    const block = `encoder.block.${layer}`;
    const normed = t5Norm(hidden, `${block}.layer.0.layer_norm`, t5);
    const prefix = `${block}.layer.0.SelfAttention`;
    const [queries, keys, values] = t5Projections(normed, prefix, ['q', 'k', 'v'], t5).map((x) =>
      splitHeads(x, numAttentionHeads, headDim, shape),
    );
    const mixed = attend(queries!, { keys: keys!, values: values! }, seen);
    hidden = add(hidden, t5Output(mixed, prefix, t5));
    hidden = add(hidden, t5FeedForward(hidden, `${block}.layer.1`, t5));
  }
  return { ...shape, hidden: t5Norm(hidden, 'encoder.final_layer_norm', t5).x };
}

/** What the cross-attention of a decoder layer reads. */
export function crossKeysValues({ hidden, tokenShape }: Encoded, layer: number, t5: T5): KeysValues {
  const { numAttentionHeads, headDim } = t5.config;
  const prefix = `decoder.block.${layer}.layer.1.EncDecAttention`;
  const gain = null;
  const [keys, values] = t5Projections({ x: hidden, gain }, prefix, ['k', 'v'], t5).map((x) =>
    splitHeads(x, numAttentionHeads, headDim, { tokenShape }),
  );
  return { keys: keys!, values: values! };
}
