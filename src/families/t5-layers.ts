import {
  add,
  GraphError,
  gelu,
  matMul,
  mul,
  type Result,
  relu,
  reshape,
  rmsNorm,
  sigmoid,
  softmax,
  transpose,
  type Value,
} from '../graph/index.ts';
import { type AttentionSizes, attentionSizes, type KeysValues } from './attention.ts';
import { fromCache } from './cache-type.ts';
import type { WeightCatalog } from './decoder.ts';
import type { T5Config } from './encoder-decoder.ts';
import { type LinearInput, namedLinear, namedLinears } from './linear.ts';
import type { RelativeBuckets } from './relative-bias.ts';
import type { NormedStates } from './serving.ts';
import { findTensor, findVector } from './weights.ts';

/** A T5 model's configuration and weights. Hidden states are float32 [batch * sequence, hidden]. */
export interface T5 {
  readonly config: T5Config;
  readonly weights: WeightCatalog;
}

/** T5 does not divide its scores by sqrt(head_dim): its initialisation does (Raffel et al. 2020). */
export const t5Sizes = (config: T5Config): AttentionSizes => ({ ...attentionSizes(config), scale: 1 });

export function t5Norm(x: Value, name: string, { config, weights }: T5): NormedStates {
  const gain = findVector(weights, `${name}.weight`, config.hiddenSize);
  return { x: rmsNorm(x, gain, config.rmsNormEps), gain };
}

/** The projections `names` of an attention layer, each [tokens, heads * head_dim]. */
export function t5Projections(
  x: LinearInput,
  prefix: string,
  names: readonly ('q' | 'k' | 'v')[],
  { config, weights }: T5,
): readonly Result[] {
  const outSize = config.numAttentionHeads * config.headDim;
  const layers = names.map((name) => ({ name: `${prefix}.${name}`, outSize, hasBias: false }));
  return namedLinears(x, layers, weights);
}

/** An attention layer's output projection. */
export function t5Output(mixed: Value, prefix: string, { config, weights }: T5): Result {
  const layer = { name: `${prefix}.o`, outSize: config.hiddenSize, hasBias: false };
  return namedLinear({ x: mixed, gain: null }, layer, weights);
}

/** What the block's feed-forward network adds to the hidden states. */
export function t5FeedForward(hidden: Value, prefix: string, t5: T5): Result {
  const { config, weights } = t5;
  const x = t5Norm(hidden, `${prefix}.layer_norm`, t5);
  const layer = (name: string, outSize: number) => ({
    name: `${prefix}.DenseReluDense.${name}`,
    outSize,
    hasBias: false,
  });
  const names = config.gated ? ['wi_0', 'wi_1'] : ['wi'];
  const [inner, gate] = namedLinears(
    x,
    names.map((name) => layer(name, config.intermediateSize)),
    weights,
  );
  const activated = activate(inner!, config.activation);
  const product = gate === undefined ? activated : mul(activated, gate);
  return namedLinear({ x: product, gain: null }, layer('wo', config.hiddenSize), weights);
}

function activate(x: Value, activation: T5Config['activation']): Value {
  switch (activation) {
    case 'relu':
      return relu(x);
    case 'gelu':
      return gelu(x);
    case 'silu':
      return mul(x, sigmoid(x));
  }
}

/**
 * Attention to keys that all stand in one place.
 * @param queries float32 [batch, heads, queries, head_dim]
 * @param bias float32, broadcasts to [batch, heads, queries, keys]
 * @returns float32 [batch * queries, heads * head_dim]
 */
export function attend(queries: Value, { keys, values }: KeysValues, bias: Value): Result {
  const scores = add(matMul(queries, transpose(fromCache(keys), [0, 1, 3, 2])), bias);
  const mixed = transpose(matMul(softmax(scores, -1), fromCache(values)), [0, 2, 1, 3]);
  const [heads, headDim] = [queries.shape[1] as number, queries.shape[3] as number];
  return reshape(mixed, [-1, heads * headDim]);
}

/** The table of a stack's relative position bias, float32 [buckets, heads]; its first block holds it for all. */
export const t5RelativeTable = (stack: 'encoder' | 'decoder', { config, weights }: T5): Value =>
  findTensor(weights, `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`, [
    config.relativeBuckets,
    config.numAttentionHeads,
  ]);

export const t5Buckets = (config: T5Config, bidirectional: boolean): RelativeBuckets => ({
  buckets: config.relativeBuckets,
  maxDistance: config.relativeMaxDistance,
  bidirectional,
});

export function checkT5Config({
  numLayers,
  numDecoderLayers,
  numAttentionHeads,
  numKeyValueHeads,
}: T5Config) {
  if (numLayers < 1 || numDecoderLayers < 1) {
    throw new GraphError(`expected at least one layer, given ${numLayers} and ${numDecoderLayers}`);
  }
  if (numAttentionHeads !== numKeyValueHeads) {
    throw new GraphError(`${numAttentionHeads} attention heads, but ${numKeyValueHeads} key/value heads`);
  }
}
