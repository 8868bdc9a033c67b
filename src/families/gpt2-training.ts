import { add, type Graph, gather, gelu, int64, split, type Value } from '../graph/index.ts';
import type { Gpt2Config } from './decoder.ts';
import { checkGpt2Config, gpt2Norm, gpt2Positions } from './gpt2.ts';
import type { FrozenWeights } from './training.ts';
import { assembleTraining, frozenLinear, type TrainingGraphOptions } from './training-graph.ts';

/** The training graph of GPT-2. */
export function buildGpt2Training(
  config: Gpt2Config,
  weights: FrozenWeights,
  options: TrainingGraphOptions,
): Graph {
  checkGpt2Config(config);
  const { hiddenSize, intermediateSize, vocabSize } = config;
  const linear = (x: Value, name: string, outSize: number, hasBias = true): Value =>
    frozenLinear(x, name, outSize, hasBias, weights);
  const norm = (x: Value, name: string): Value => gpt2Norm(x, `transformer.${name}`, config, weights);
  const thirds = int64([hiddenSize, hiddenSize, hiddenSize]);
  return assembleTraining(config, weights, options, (positionIds) => ({
    embeddingsName: 'transformer.wte.weight',
    embed: (embeddings) => add(embeddings, gather(gpt2Positions(config, weights), positionIds, 0)),
    project: (hidden, layer) => {
      const x = norm(hidden, `h.${layer}.ln_1`);
      const joined = linear(x, `transformer.h.${layer}.attn.c_attn`, 3 * hiddenSize);
      const [queries, keys, values] = split(joined, thirds, -1);
      return { queries: queries!, keys: keys!, values: values! };
    },
    output: (mixed, layer) => linear(mixed, `transformer.h.${layer}.attn.c_proj`, hiddenSize),
    feedForward: (hidden, layer) => {
      const x = norm(hidden, `h.${layer}.ln_2`);
      const inner = linear(x, `transformer.h.${layer}.mlp.c_fc`, intermediateSize);
      return linear(gelu(inner), `transformer.h.${layer}.mlp.c_proj`, hiddenSize);
    },
    logits: (hidden) => linear(norm(hidden, 'ln_f'), 'lm_head', vocabSize, false),
  }));
}
