import {
  add,
  createGraph,
  type Graph,
  GraphError,
  gather,
  gemm,
  gradients,
  input,
  mul,
  type Result,
  reshape,
  scalar,
  toFloat,
  transpose,
  type Value,
} from '../graph/index.ts';
import type { DecoderSizes, StoredTensor } from './decoder.ts';
import type { Projections } from './prefix-attention.ts';
import { type FrozenWeights, type Objective, type PromptForm, TRAINING_IO } from './training.ts';
import { lossOf } from './training-loss.ts';
import { trainingPrompt } from './training-prompt.ts';
import { findLinear, findVector, storedTensor } from './weights.ts';

export interface TrainingGraphOptions {
  readonly objective: Objective;
  readonly form: PromptForm;
  /** Without the gradient the graph evaluates. */
  readonly gradient: boolean;
}

/**
 * What a family puts between the inputs and the loss that all training graphs share. Hidden states are float32
 * [tokens, hidden].
 */
export interface TrainingFamily {
  /** Name of the embedding table. */
  readonly embeddingsName: string;
  /** Positions that a token can look back in a layer, itself included; null: as far as the mask lets it. */
  readonly windowOf?: (layer: number) => number | null;
  /** The first hidden states from the embeddings. */
  embed(embeddings: Value): Value;
  /** Queries, keys and values of all tokens, each [tokens, heads * head_dim]. */
  project(hidden: Value, layer: number): Projections;
  /** Attention's output projection, [some tokens, query_heads * head_dim] -> [the same, hidden]. */
  output(mixed: Value, layer: number): Value;
  /** What the feed-forward network adds to the hidden states. */
  feedForward(hidden: Value, layer: number): Value;
  /** float32 [positions, vocab] from the last hidden states at these positions. */
  logits(hidden: Value): Value;
}

/**
 * y = x W^T + bias against a frozen weight, float32 or of bytes; the runtime turns those into float32 once, when it
 * loads the graph. Throws, naming it, when the weight is quantised in blocks.
 */
export function frozenLinear(
  x: Value,
  name: string,
  outSize: number,
  hasBias: boolean,
  weights: FrozenWeights,
): Result {
  const bias = hasBias ? findVector(weights, `${name}.bias`, outSize) : null;
  return gemm(x, frozenWeight(name, outSize, x.shape.at(-1) as number, weights), bias);
}

/** float32 [outSize, inSize] */
function frozenWeight(name: string, outSize: number, inSize: number, weights: FrozenWeights): Value {
  const found = findLinear(weights, name);
  if (found.format === 'float32') {
    return storedTensor(`${name}.weight`, found.weight, 'float32', [outSize, inSize]);
  }
  if (found.format !== 'rowwise-int8') {
    throw new GraphError(`${name}: gradients need a float32 or int8 weight, given ${found.format}`);
  }
  const codesOf = (part: string, tensor: StoredTensor): Value =>
    toFloat(storedTensor(`${name}.${part}`, tensor, 'int8', [inSize, outSize]));
  const { weight, residual, scales } = found;
  const codes = codesOf('weight', weight);
  const rest = residual && mul(codesOf('residual', residual), scalar(1 / 256));
  const unscaled = rest === null ? codes : add(codes, rest);
  return transpose(mul(unscaled, storedTensor(`${name}.scales`, scales, 'float32', [outSize])), [1, 0]);
}

/** The training graph of a family. @param familyOf gets the positions of all tokens, int64 [tokens] */
export function assembleTraining(
  config: DecoderSizes,
  weights: FrozenWeights,
  { objective, form, gradient }: TrainingGraphOptions,
  familyOf: (positionIds: Value) => TrainingFamily,
): Graph {
  const { hiddenSize, vocabSize, numLayers, embeddingScale } = config;
  const inputIds = input(TRAINING_IO.inputIds, 'int64', ['rows', 'sequence']);
  const textBias = input(TRAINING_IO.textBias, 'float32', ['rows', 'sequence', 'prompt + sequence']);
  const { prompt, others, positionIds, embedded, attend } = trainingPrompt(config, form, inputIds, textBias);
  const labelPositions = input(TRAINING_IO.labelPositions, 'int64', ['positions']);
  const targetIds = input(TRAINING_IO.targetIds, 'int64', ['positions', 'targets']);
  const tokenWeights = input(TRAINING_IO.tokenWeights, 'float32', ['choices*examples', 'positions*targets']);
  const lossWeights = input(TRAINING_IO.lossWeights, 'float32', ['examples', 'choices']);

  const family = familyOf(positionIds);
  const table = storedTensor(family.embeddingsName, weights.embeddings, 'float32', [vocabSize, hiddenSize]);
  const rows = reshape(gather(table, inputIds, 0), [-1, hiddenSize]);
  const texts = embeddingScale === undefined ? rows : mul(rows, scalar(embeddingScale));

  let hidden = family.embed(embedded(texts));
  for (let layer = 0; layer < numLayers; layer++) {
    // After the last attention only the label positions are needed.
    const isLast = layer === numLayers - 1;
    const wanted = (x: Value): Value => (isLast ? gather(x, labelPositions, 0) : x);
    const mixed = attend(family.project(hidden, layer), layer, family.windowOf?.(layer) ?? null);
    hidden = add(wanted(hidden), family.output(wanted(mixed), layer));
    hidden = add(hidden, family.feedForward(hidden, layer));
  }

  const wantedLogProbabilities = { targetIds, tokenWeights, lossWeights };
  const { loss, logLikelihoods } = lossOf(family.logits(hidden), wantedLogProbabilities, objective);
  const outputs = { [TRAINING_IO.loss]: loss, [TRAINING_IO.logLikelihoods]: logLikelihoods };
  return createGraph(
    [
      prompt,
      inputIds,
      positionIds,
      ...others,
      textBias,
      labelPositions,
      targetIds,
      tokenWeights,
      lossWeights,
    ],
    gradient ? { ...outputs, [TRAINING_IO.promptGradient]: gradients(loss, [prompt])[0] as Result } : outputs,
  );
}
