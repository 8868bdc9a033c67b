import {
  add,
  type Graph,
  GraphError,
  gather,
  gelu,
  int64,
  layerNorm,
  type Result,
  reshape,
  split,
  type Value,
} from '../graph/index.ts';
import { attentionSizes, groupedQueryAttention, splitHeads } from './attention.ts';
import { cached, cacheType } from './cache-type.ts';
import type { Gpt2Config, WeightCatalog } from './decoder.ts';
import { namedLinear } from './linear.ts';
import { assembleServing, type FamilyOf } from './serving.ts';
import { findTensor, findVector } from './weights.ts';

/** The learned positions, float32 [context, hidden]. */
export const gpt2Positions = (config: Gpt2Config, weights: WeightCatalog): Value =>
  findTensor(weights, 'transformer.wpe.weight', [config.contextLength, config.hiddenSize]);

/** One of the model's LayerNorms. */
export function gpt2Norm(x: Value, name: string, config: Gpt2Config, weights: WeightCatalog): Result {
  const vector = (part: string): Value => findVector(weights, `${name}.${part}`, config.hiddenSize);
  return layerNorm(x, vector('weight'), vector('bias'), config.layerNormEps);
}

export function checkGpt2Config({ numLayers, numAttentionHeads, headDim, hiddenSize }: Gpt2Config): void {
  if (numLayers < 1) throw new GraphError(`expected at least one layer, given ${numLayers}`);
  if (numAttentionHeads * headDim !== hiddenSize) {
    throw new GraphError(`${numAttentionHeads} heads of ${headDim} are not ${hiddenSize} wide`);
  }
}

/** The layers of GPT-2. A LayerNorm's bias leaves no bound on what it puts out, so no `gain` is given. */
export function gpt2Family(config: Gpt2Config, weights: WeightCatalog): FamilyOf {
  checkGpt2Config(config);
  const { hiddenSize, intermediateSize, numAttentionHeads, headDim, vocabSize } = config;
  const linear = (x: Value, name: string, outSize: number, hasBias = true) =>
    namedLinear({ x, gain: null }, { name, outSize, hasBias }, weights);
  const norm = (x: Value, name: string): Result => gpt2Norm(x, `transformer.${name}`, config, weights);
  const thirds = int64([hiddenSize, hiddenSize, hiddenSize]);
  return ({ positionIds, attention }) => ({
    embed: (embeddings) =>
      add(embeddings, gather(gpt2Positions(config, weights), reshape(positionIds, [-1]), 0)),
    attention: (hidden, layer, past) => {
      const prefix = `transformer.h.${layer}.attn`;
      const joined = linear(norm(hidden, `h.${layer}.ln_1`), `${prefix}.c_attn`, 3 * hiddenSize);
      const [queries, keys, values] = split(joined, thirds, -1).map((x) =>
        splitHeads(x, numAttentionHeads, headDim, attention),
      );
      const current = cached({ keys: keys!, values: values! }, cacheType(weights));
      const mixed = groupedQueryAttention(queries!, past, current, attention, attentionSizes(config));
      return { output: linear(mixed, `${prefix}.c_proj`, hiddenSize), current };
    },
    feedForward: (hidden, layer) => {
      const prefix = `transformer.h.${layer}.mlp`;
      const inner = linear(norm(hidden, `h.${layer}.ln_2`), `${prefix}.c_fc`, intermediateSize);
      return linear(gelu(inner), `${prefix}.c_proj`, hiddenSize);
    },
    norm: (hidden) => ({ x: norm(hidden, 'ln_f'), gain: null }),
    logits: ({ x }) => linear(x, 'lm_head', vocabSize, false),
  });
}

/** Its serving graph. */
export const buildGpt2Serving = (config: Gpt2Config, weights: WeightCatalog): Graph =>
  assembleServing(config, gpt2Family(config, weights), cacheType(weights));
