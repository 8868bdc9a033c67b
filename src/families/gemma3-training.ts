import { type Graph, gelu, mul, reshape, type Value } from '../graph/index.ts';
import type { Gemma3Config } from './decoder.ts';
import { checkGemma3Config, gemma3Norm } from './gemma3.ts';
import { rotation } from './llama-training.ts';
import type { FrozenWeights } from './training.ts';
import { assembleTraining, frozenLinear, type TrainingGraphOptions } from './training-graph.ts';

/** The training graph of Gemma 3. */
export function buildGemma3Training(
  config: Gemma3Config,
  weights: FrozenWeights,
  options: TrainingGraphOptions,
): Graph {
  checkGemma3Config(config);
  const { hiddenSize, intermediateSize, headDim, numAttentionHeads, numKeyValueHeads, localLayers } = config;
  const linear = (x: Value, name: string, outSize: number): Value =>
    frozenLinear(x, name, outSize, false, weights);
  const norm = (x: Value, name: string): Value => gemma3Norm(x, name, hiddenSize, { config, weights });
  const headNorm = (x: Value, name: string): Value => {
    const normed = gemma3Norm(reshape(x, [-1, headDim]), name, headDim, { config, weights });
    return reshape(normed, [-1, x.shape.at(-1) as number]);
  };
  return assembleTraining(config, weights, options, (positionIds) => {
    const rotations = {
      local: rotation(positionIds, { ...config, rope: config.localRope }),
      global: rotation(positionIds, config),
    };
    return {
      embeddingsName: 'model.embed_tokens.weight',
      windowOf: (layer) => (localLayers[layer] ? config.localWindow : null),
      embed: (embeddings) => embeddings,
      project: (hidden, layer) => {
        const prefix = `model.layers.${layer}`;
        const x = norm(hidden, `${prefix}.input_layernorm`);
        const rotate = localLayers[layer] ? rotations.local : rotations.global;
        const project = (name: string, heads: number): Value =>
          linear(x, `${prefix}.self_attn.${name}`, heads * headDim);
        const rotated = (projected: Value, name: string): Value =>
          rotate(headNorm(projected, `${prefix}.self_attn.${name}`));
        return {
          queries: rotated(project('q_proj', numAttentionHeads), 'q_norm'),
          keys: rotated(project('k_proj', numKeyValueHeads), 'k_norm'),
          values: project('v_proj', numKeyValueHeads),
        };
      },
      output: (mixed, layer) => {
        const prefix = `model.layers.${layer}`;
        const output = linear(mixed, `${prefix}.self_attn.o_proj`, hiddenSize);
        return norm(output, `${prefix}.post_attention_layernorm`);
      },
      // GeGLU (Shazeer 2020): down(gelu(gate(x)) * up(x)).
      feedForward: (hidden, layer) => {
        const prefix = `model.layers.${layer}`;
        const x = norm(hidden, `${prefix}.pre_feedforward_layernorm`);
        const gate = linear(x, `${prefix}.mlp.gate_proj`, intermediateSize);
        const up = linear(x, `${prefix}.mlp.up_proj`, intermediateSize);
        const output = linear(mul(gelu(gate), up), `${prefix}.mlp.down_proj`, hiddenSize);
        return norm(output, `${prefix}.post_feedforward_layernorm`);
      },
      logits: (hidden) => linear(norm(hidden, 'model.norm'), 'lm_head', config.vocabSize),
    };
  });
}
