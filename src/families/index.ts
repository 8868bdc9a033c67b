import type { Graph, Value } from '../graph/index.ts';
import { cacheType } from './cache-type.ts';
import { assembleDecodeLoop } from './decode-loop.ts';
import type { DecoderConfig, WeightCatalog } from './decoder.ts';
import type { T5Config } from './encoder-decoder.ts';
import { buildGemma3Serving, gemma3Family } from './gemma3.ts';
import { buildGemma3Training } from './gemma3-training.ts';
import { buildGpt2Serving, gpt2Family } from './gpt2.ts';
import { buildGpt2Training } from './gpt2-training.ts';
import { buildLlamaServing, llamaFamily } from './llama.ts';
import { buildLlamaTraining } from './llama-training.ts';
import { buildT5Decoder } from './t5-decoder.ts';
import { buildT5Encoder } from './t5-encoder.ts';
import { buildT5Training } from './t5-training.ts';
import type { FrozenWeights } from './training.ts';
import type { TrainingGraphOptions } from './training-graph.ts';
import { storedTensor } from './weights.ts';

/** The configuration of any model that can be served. */
export type ModelConfig = DecoderConfig | T5Config;

export const isEncoderDecoder = (config: ModelConfig): config is T5Config => config.architecture === 't5';

/** Layers of the part that generates. */
export const decoderLayers = (config: ModelConfig): number =>
  isEncoderDecoder(config) ? config.numDecoderLayers : config.numLayers;

/** The encoder graph of an encoder-decoder model; inputs and outputs are those of `ENCODER_IO`. Throws as below. */
export const buildEncoderGraph = (config: T5Config, weights: WeightCatalog): Graph =>
  buildT5Encoder({ config, weights });

/**
 * The delta-KV serving graph of a decoder; inputs and outputs are those of `SERVING_IO`, and of
 * `CROSS_IO` where there is an encoder.
 *
 * A row's numbers do not depend on its batch. They do not depend on how far its past is padded either, bit for bit,
 * as long as the past axis is a multiple of 16: ONNX Runtime sums a softmax row in vector lanes, and then every
 * position stays in its lane.
 * Throws `GraphError` when the configuration contradicts itself, or when a weight is missing or of another shape
 * (the message names it).
 */
export function buildServingGraph(config: ModelConfig, weights: WeightCatalog): Graph {
  if (isEncoderDecoder(config)) return buildT5Decoder({ config, weights });
  switch (config.architecture) {
    case 'gpt2':
      return buildGpt2Serving(config, weights);
    case 'gemma3':
      return buildGemma3Serving(config, weights);
    default:
      return buildLlamaServing(config, weights);
  }
}

/**
 * Several decode steps of a decoder in one run, with the choice of tokens: inputs and outputs are those of
 * `DECODE_LOOP_IO`. Its numbers are those of single steps but for the last bits: the same terms are added in another order.
 * Throws `GraphError` as above; a decoder behind an encoder has no such graph.
 */
export function buildDecodeLoop(config: DecoderConfig, weights: FrozenWeights): Graph {
  const table = tokenTable(config, weights);
  const type = cacheType(weights);
  switch (config.architecture) {
    case 'gpt2':
      return assembleDecodeLoop(config, gpt2Family(config, weights), table, type);
    case 'gemma3':
      return assembleDecodeLoop(config, gemma3Family(config, weights), table, type);
    default:
      return assembleDecodeLoop(config, llamaFamily(config, weights), table, type);
  }
}

/** The table under the head's name where it is the head's weight as well: so it is loaded once. */
function tokenTable({ vocabSize, hiddenSize }: DecoderConfig, { embeddings, linears }: FrozenWeights): Value {
  const head = linears.get('lm_head');
  const isHead =
    head?.format === 'float32' &&
    head.weight.file === embeddings.file &&
    head.weight.offset === embeddings.offset;
  const name = isHead ? 'lm_head.weight' : 'embeddings';
  return storedTensor(name, embeddings, 'float32', [vocabSize, hiddenSize]);
}

/**
 * The training graph of a decoder: the loss and its gradient with respect to the prompt only, every weight frozen.
 * Inputs and outputs are those of `TRAINING_IO`.
 * Throws `GraphError` when a weight is missing, of another shape, or quantised (the message names it).
 */
export function buildTrainingGraph(
  config: ModelConfig,
  weights: FrozenWeights,
  options: TrainingGraphOptions,
): Graph {
  if (isEncoderDecoder(config)) return buildT5Training(config, weights, options);
  switch (config.architecture) {
    case 'gpt2':
      return buildGpt2Training(config, weights, options);
    case 'gemma3':
      return buildGemma3Training(config, weights, options);
    default:
      return buildLlamaTraining(config, weights, options);
  }
}
