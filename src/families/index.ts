import type { Graph } from '../graph/index.ts';
import type { DecoderConfig, WeightCatalog } from './decoder.ts';
import { buildGpt2Serving } from './gpt2.ts';
import { buildGpt2Training } from './gpt2-training.ts';
import { buildLlamaServing } from './llama.ts';
import { buildLlamaTraining } from './llama-training.ts';
import type { FrozenWeights } from './training.ts';
import type { TrainingGraphOptions } from './training-graph.ts';

/**
 * The delta-KV serving graph of a decoder; inputs and outputs are those of `SERVING_IO`.
 *
 * A row's numbers do not depend on its batch. They do not depend on how far its past is padded either, bit for bit,
 * as long as the past axis is a multiple of 16: ONNX Runtime sums a softmax row in vector lanes, and then every
 * position stays in its lane.
 * Throws `GraphError` when the configuration contradicts itself, or when a weight is missing or of another shape
 * (the message names it).
 */
export function buildServingGraph(config: DecoderConfig, weights: WeightCatalog): Graph {
  return config.architecture === 'gpt2'
    ? buildGpt2Serving(config, weights)
    : buildLlamaServing(config, weights);
}

/**
 * The training graph of a decoder: the loss and its gradient with respect to the prompt only, every weight frozen.
 * Inputs and outputs are those of `TRAINING_IO`.
 * Throws `GraphError` when a weight is missing, of another shape, or quantised (the message names it).
 */
export function buildTrainingGraph(
  config: DecoderConfig,
  weights: FrozenWeights,
  options: TrainingGraphOptions,
): Graph {
  return config.architecture === 'gpt2'
    ? buildGpt2Training(config, weights, options)
    : buildLlamaTraining(config, weights, options);
}
