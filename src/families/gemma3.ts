import {
  float32,
  type Graph,
  GraphError,
  gelu,
  mul,
  type Result,
  rmsNorm,
  rotaryEmbedding,
  type Value,
} from '../graph/index.ts';
import {
  type AttentionContext,
  attentionSizes,
  groupedQueryAttention,
  type KeysValues,
  type Past,
  splitHeads,
} from './attention.ts';
import { cached, cacheType } from './cache-type.ts';
import type { Gemma3Config, RopeConfig, WeightCatalog } from './decoder.ts';
import { namedLinear, namedLinears } from './linear.ts';
import { ropeTables } from './rope.ts';
import { assembleServing, type FamilyOf } from './serving.ts';
import { findVector } from './weights.ts';

/** What a layer reads beside its own input. */
interface LayerContext {
  readonly config: Gemma3Config;
  readonly weights: WeightCatalog;
  readonly attention: AttentionContext;
  /** Rotates [batch, heads, sequence, head_dim]. */
  readonly rotate: (x: Value) => Value;
}

/** One of the model's RMSNorms over rows of `size` elements. */
export function gemma3Norm(
  x: Value,
  name: string,
  size: number,
  { config, weights }: { readonly config: Gemma3Config; readonly weights: WeightCatalog },
): Result {
  return rmsNorm(x, findVector(weights, `${name}.weight`, size), config.rmsNormEps);
}

export function checkGemma3Config(config: Gemma3Config): void {
  const { numLayers, numAttentionHeads, numKeyValueHeads, headDim, localLayers } = config;
  if (numLayers < 1) throw new GraphError(`expected at least one layer, given ${numLayers}`);
  if (localLayers.length !== numLayers) {
    throw new GraphError(`expected a kind for each of ${numLayers} layers, given ${localLayers.length}`);
  }
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw new GraphError(
      `${numAttentionHeads} attention heads cannot share ${numKeyValueHeads} key/value heads`,
    );
  }
  if (headDim % 2 !== 0) throw new GraphError(`rotary embedding needs an even head_dim, given ${headDim}`);
}

/**
 * Self-attention of one layer with its projections. The linear layers are not told the scale of the norm before them:
 * its largest element bounds their input, but where it stands out that makes too coarse a unit for the others.
 */
function selfAttention(x: Value, prefix: string, past: Past, context: LayerContext) {
  const { config, weights, attention, rotate } = context;
  const { numAttentionHeads, numKeyValueHeads, headDim, hiddenSize } = config;
  const projection = (name: string, heads: number) => ({
    name: `${prefix}.${name}`,
    outSize: heads * headDim,
    hasBias: false,
  });
  const layers = [
    projection('q_proj', numAttentionHeads),
    projection('k_proj', numKeyValueHeads),
    projection('v_proj', numKeyValueHeads),
  ];
  const [q, k, v] = namedLinears({ x, gain: null }, layers, weights);
  const rotated = (projected: Value, heads: number, name: string): Value => {
    const split = splitHeads(projected, heads, headDim, attention);
    return rotate(gemma3Norm(split, `${prefix}.${name}`, headDim, context));
  };
  const queries = rotated(q!, numAttentionHeads, 'q_norm');
  const made: KeysValues = {
    keys: rotated(k!, numKeyValueHeads, 'k_norm'),
    values: splitHeads(v!, numKeyValueHeads, headDim, attention),
  };
  const current = cached(made, cacheType(weights));
  const mixed = groupedQueryAttention(queries, past, current, attention, attentionSizes(config));
  const layer = { name: `${prefix}.o_proj`, outSize: hiddenSize, hasBias: false };
  return { output: namedLinear({ x: mixed, gain: null }, layer, weights), current };
}

/** GeGLU (Shazeer 2020) with GELU in its tanh form: down(gelu(gate(x)) * up(x)). */
function feedForward(x: Value, prefix: string, config: Gemma3Config, weights: WeightCatalog): Result {
  const { intermediateSize, hiddenSize } = config;
  const layer = (name: string, outSize: number) => ({ name: `${prefix}.${name}`, outSize, hasBias: false });
  const layers = [layer('gate_proj', intermediateSize), layer('up_proj', intermediateSize)];
  const [gate, up] = namedLinears({ x, gain: null }, layers, weights);
  const gated = mul(gelu(gate!), up!);
  return namedLinear({ x: gated, gain: null }, layer('down_proj', hiddenSize), weights);
}

/** The layers of Gemma 3. */
export function gemma3Family(config: Gemma3Config, weights: WeightCatalog): FamilyOf {
  checkGemma3Config(config);
  const { hiddenSize, headDim, contextLength, vocabSize, localLayers, localWindow } = config;
  const tablesOf = (rope: RopeConfig) => {
    const { cos, sin } = ropeTables(rope, headDim, contextLength);
    const shape = [contextLength, headDim / 2];
    return { cos: float32(cos, shape), sin: float32(sin, shape) };
  };
  const tables = { local: tablesOf(config.localRope), global: tablesOf(config.rope) };
  const norm = (x: Value, name: string): Result => gemma3Norm(x, name, hiddenSize, { config, weights });
  return ({ positionIds, attention, attentionWithin }) => {
    const contextOf = (
      context: AttentionContext,
      { cos, sin }: { readonly cos: Value; readonly sin: Value },
    ): LayerContext => ({
      config,
      weights,
      attention: context,
      rotate: (x) => rotaryEmbedding(x, positionIds, cos, sin),
    });
    const local = contextOf(attentionWithin(localWindow), tables.local);
    const global = contextOf(attention, tables.global);
    return {
      embed: (embeddings) => embeddings,
      attention: (hidden, layer, past) => {
        const prefix = `model.layers.${layer}`;
        const context = localLayers[layer] ? local : global;
        const x = norm(hidden, `${prefix}.input_layernorm`);
        const { output, current } = selfAttention(x, `${prefix}.self_attn`, past, context);
        return { output: norm(output, `${prefix}.post_attention_layernorm`), current };
      },
      feedForward: (hidden, layer) => {
        const prefix = `model.layers.${layer}`;
        const x = norm(hidden, `${prefix}.pre_feedforward_layernorm`);
        const output = feedForward(x, `${prefix}.mlp`, config, weights);
        return norm(output, `${prefix}.post_feedforward_layernorm`);
      },
      norm: (hidden) => ({ x: norm(hidden, 'model.norm'), gain: null }),
      logits: (normed) => {
        const head = { name: 'lm_head', outSize: vocabSize, hasBias: false };
        return namedLinear(normed, head, weights);
      },
    };
  };
}

/** Its serving graph. */
export const buildGemma3Serving = (config: Gemma3Config, weights: WeightCatalog): Graph =>
  assembleServing(config, gemma3Family(config, weights), cacheType(weights));
