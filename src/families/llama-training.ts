import {
  float32,
  type Graph,
  gather,
  int64,
  mul,
  reshape,
  rmsNorm,
  rotaryEmbedding,
  silu,
  type Value,
} from '../graph/index.ts';
import type { LlamaConfig } from './decoder.ts';
import { ropeTables } from './rope.ts';
import type { FrozenWeights } from './training.ts';
import { assembleTraining, frozenLinear, type TrainingGraphOptions } from './training-graph.ts';
import { findVector } from './weights.ts';

/** Rotates [tokens, heads * head_dim] by the tokens' positions. */
export function rotation(
  positionIds: Value,
  { rope, headDim, contextLength }: Pick<LlamaConfig, 'rope' | 'headDim' | 'contextLength'>,
) {
  const tables = ropeTables(rope, headDim, contextLength);
  const shape = [contextLength, headDim / 2];
  // One row a token: the op needs tables as long as its token axis, which may be longer than the context.
  const cos = gather(float32(tables.cos, shape), positionIds, 0);
  const sin = gather(float32(tables.sin, shape), positionIds, 0);
  return (x: Value): Value => {
    const width = x.shape.at(-1) as number;
    return reshape(rotaryEmbedding(reshape(x, [1, -1, width]), int64([0]), cos, sin), [-1, width]);
  };
}

/** The training graph of a llama-like decoder (llama, mistral, phi3, qwen2, qwen3). */
export function buildLlamaTraining(
  config: LlamaConfig,
  weights: FrozenWeights,
  options: TrainingGraphOptions,
): Graph {
  const { hiddenSize, intermediateSize, headDim, rmsNormEps, architecture } = config;
  const linear = (x: Value, name: string, outSize: number, hasBias: boolean): Value =>
    frozenLinear(x, name, outSize, hasBias, weights);
  const norm = (x: Value, name: string): Value =>
    rmsNorm(x, findVector(weights, `${name}.weight`, hiddenSize), rmsNormEps);
  /** qwen3: an RMSNorm over each head, whose scale all heads share. */
  const headNorm = (x: Value, name: string): Value => {
    if (architecture !== 'qwen3') return x;
    const heads = reshape(x, [-1, headDim]);
    const normed = rmsNorm(heads, findVector(weights, `${name}.weight`, headDim), rmsNormEps);
    return reshape(normed, [-1, x.shape.at(-1) as number]);
  };
  return assembleTraining(config, weights, options, (positionIds) => {
    const rotate = rotation(positionIds, config);
    return {
      embeddingsName: 'model.embed_tokens.weight',
      embed: (embeddings) => embeddings,
      project: (hidden, layer) => {
        const prefix = `model.layers.${layer}`;
        const x = norm(hidden, `${prefix}.input_layernorm`);
        const project = (name: string, heads: number): Value =>
          linear(x, `${prefix}.self_attn.${name}`, heads * headDim, config.qkvBias);
        const rotated = (projected: Value, name: string): Value =>
          rotate(headNorm(projected, `${prefix}.self_attn.${name}`));
        return {
          queries: rotated(project('q_proj', config.numAttentionHeads), 'q_norm'),
          keys: rotated(project('k_proj', config.numKeyValueHeads), 'k_norm'),
          values: project('v_proj', config.numKeyValueHeads),
        };
      },
      output: (mixed, layer) =>
        linear(mixed, `model.layers.${layer}.self_attn.o_proj`, hiddenSize, config.outputBias),
      // SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)).
      feedForward: (hidden, layer) => {
        const prefix = `model.layers.${layer}`;
        const x = norm(hidden, `${prefix}.post_attention_layernorm`);
        const gate = linear(x, `${prefix}.mlp.gate_proj`, intermediateSize, config.mlpBias);
        const up = linear(x, `${prefix}.mlp.up_proj`, intermediateSize, config.mlpBias);
        return linear(mul(silu(gate), up), `${prefix}.mlp.down_proj`, hiddenSize, config.mlpBias);
      },
      logits: (hidden) => linear(norm(hidden, 'model.norm'), 'lm_head', config.vocabSize, false),
    };
  });
}
