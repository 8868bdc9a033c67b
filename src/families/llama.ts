import {
  float32,
  type Graph,
  GraphError,
  mul,
  type Result,
  rmsNorm,
  rotaryEmbedding,
  sigmoid,
  type Value,
} from '../graph/index.ts';
import {
  attentionSizes,
  groupedQueryAttention,
  type KeysValues,
  type Past,
  splitHeads,
} from './attention.ts';
import { cached, cacheType } from './cache-type.ts';
import type { LlamaConfig, WeightCatalog } from './decoder.ts';
import { type Layer, type LinearInput, namedLinear, namedLinears } from './linear.ts';
import { ropeTables } from './rope.ts';
import { assembleServing, type FamilyOf, type NormedStates, type ServingInputs } from './serving.ts';
import { findVector } from './weights.ts';

/** What every layer reads beside its own input. */
interface Forward extends ServingInputs {
  readonly config: LlamaConfig;
  readonly weights: WeightCatalog;
  /** Rotates [batch, heads, sequence, head_dim]. */
  readonly rotate: (x: Value) => Value;
}

function norm(
  x: Value,
  name: string,
  { config, weights }: Pick<Forward, 'config' | 'weights'>,
): NormedStates {
  const gain = findVector(weights, `${name}.weight`, config.hiddenSize);
  return { x: rmsNorm(x, gain, config.rmsNormEps), gain };
}

/** qwen3: an RMSNorm over each head of the queries or keys, whose scale all heads share. */
function headNorm(x: Value, name: string, { config, weights }: Forward): Value {
  if (config.architecture !== 'qwen3') return x;
  return rmsNorm(x, findVector(weights, `${name}.weight`, config.headDim), config.rmsNormEps);
}

/** Self-attention of one layer with its projections; `current` are the keys and values of the new positions. */
function selfAttention(x: LinearInput, prefix: string, past: Past, forward: Forward) {
  const { config, weights, attention, rotate } = forward;
  const { numAttentionHeads, numKeyValueHeads, headDim, qkvBias } = config;
  const projection = (name: string, heads: number): Layer => ({
    name: `${prefix}.${name}`,
    outSize: heads * headDim,
    hasBias: qkvBias,
  });
  const layers = [
    projection('q_proj', numAttentionHeads),
    projection('k_proj', numKeyValueHeads),
    projection('v_proj', numKeyValueHeads),
  ];
  const [q, k, v] = namedLinears(x, layers, weights);
  const rotated = (heads: Value, name: string): Value =>
    rotate(headNorm(heads, `${prefix}.${name}`, forward));
  const queries = rotated(splitHeads(q!, numAttentionHeads, headDim, attention), 'q_norm');
  const made: KeysValues = {
    keys: rotated(splitHeads(k!, numKeyValueHeads, headDim, attention), 'k_norm'),
    values: splitHeads(v!, numKeyValueHeads, headDim, attention),
  };
  const current = cached(made, cacheType(weights));
  const mixed = groupedQueryAttention(queries, past, current, attention, attentionSizes(config));
  const output = namedLinear(
    { x: mixed, gain: null },
    { name: `${prefix}.o_proj`, outSize: config.hiddenSize, hasBias: config.outputBias },
    weights,
  );
  return { output, current };
}

/** SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)). */
function feedForward(x: LinearInput, prefix: string, { config, weights }: Forward): Result {
  const { intermediateSize, hiddenSize, mlpBias } = config;
  const layer = (name: string, outSize: number): Layer => ({
    name: `${prefix}.${name}`,
    outSize,
    hasBias: mlpBias,
  });
  const [gate, up] = namedLinears(
    x,
    [layer('gate_proj', intermediateSize), layer('up_proj', intermediateSize)],
    weights,
  );
  const gated = mul(mul(gate!, sigmoid(gate!)), up!);
  return namedLinear({ x: gated, gain: null }, layer('down_proj', hiddenSize), weights);
}

function checkConfig({ numLayers, numAttentionHeads, numKeyValueHeads, headDim, rope }: LlamaConfig): void {
  if (numLayers < 1) throw new GraphError(`expected at least one layer, given ${numLayers}`);
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw new GraphError(
      `${numAttentionHeads} attention heads cannot share ${numKeyValueHeads} key/value heads`,
    );
  }
  if (headDim % 2 !== 0) throw new GraphError(`rotary embedding needs an even head_dim, given ${headDim}`);
  if (rope.type === 'factors' && rope.factors.length !== headDim / 2) {
    throw new GraphError(`expected ${headDim / 2} rotary factors, given ${rope.factors.length}`);
  }
}

/** The layers of a llama-like decoder (llama, mistral, phi3, qwen2, qwen3). */
export function llamaFamily(config: LlamaConfig, weights: WeightCatalog): FamilyOf {
  checkConfig(config);
  const tables = ropeTables(config.rope, config.headDim, config.contextLength);
  const cos = float32(tables.cos, [config.contextLength, config.headDim / 2]);
  const sin = float32(tables.sin, [config.contextLength, config.headDim / 2]);
  return (inputs) => {
    const rotate = (x: Value): Value => rotaryEmbedding(x, inputs.positionIds, cos, sin);
    const forward: Forward = { ...inputs, config, weights, rotate };
    const prefixOf = (layer: number): string => `model.layers.${layer}`;
    return {
      embed: (embeddings) => embeddings,
      attention: (hidden, layer, past) => {
        const normed = norm(hidden, `${prefixOf(layer)}.input_layernorm`, forward);
        return selfAttention(normed, `${prefixOf(layer)}.self_attn`, past, forward);
      },
      feedForward: (hidden, layer) => {
        const normed = norm(hidden, `${prefixOf(layer)}.post_attention_layernorm`, forward);
        return feedForward(normed, `${prefixOf(layer)}.mlp`, forward);
      },
      norm: (hidden) => norm(hidden, 'model.norm', forward),
      logits: (normed) => {
        const head = { name: 'lm_head', outSize: config.vocabSize, hasBias: false };
        return namedLinear(normed, head, weights);
      },
    };
  };
}

/** Its serving graph. */
export const buildLlamaServing = (config: LlamaConfig, weights: WeightCatalog): Graph =>
  assembleServing(config, llamaFamily(config, weights), cacheType(weights));
