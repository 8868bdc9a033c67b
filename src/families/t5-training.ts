import {
  add,
  concat,
  createGraph,
  expand,
  type Graph,
  GraphError,
  gather,
  gradients,
  input,
  int64,
  type Result,
  reshape,
  shapeOf,
  type Value,
} from '../graph/index.ts';
import { ENCODER_TRAINING_IO, type T5Config } from './encoder-decoder.ts';
import { relativeBias } from './relative-bias.ts';
import { selfPrefix, t5CrossAttention, t5Logits, t5SelfProjections } from './t5-decoder.ts';
import { crossKeysValues, type Encoded, encodeT5 } from './t5-encoder.ts';
import {
  attend,
  checkT5Config,
  type T5,
  t5Buckets,
  t5FeedForward,
  t5Norm,
  t5Output,
  t5RelativeTable,
} from './t5-layers.ts';
import { type FrozenWeights, TRAINING_IO } from './training.ts';
import type { TrainingGraphOptions } from './training-graph.ts';
import { lossOf } from './training-loss.ts';
import { storedTensor } from './weights.ts';

/** What the decoder reads; shapes as in ENCODER_TRAINING_IO. */
interface DecoderInputs {
  /** float32 [rows, sequence, hidden] */
  readonly embeddings: Value;
  readonly positions: Value;
  readonly bias: Value;
}

/** The training graph of T5; its inputs are those of ENCODER_TRAINING_IO and, for prompt and labels, of TRAINING_IO. */
export function buildT5Training(
  config: T5Config,
  weights: FrozenWeights,
  { objective, form, gradient }: TrainingGraphOptions,
): Graph {
  const t5 = { config, weights };
  checkT5Config(config);
  if (form !== 'rows') throw new GraphError(`t5: a prompt of rows is expected, given ${form}`);
  const { hiddenSize, vocabSize } = config;
  const prompt = input(TRAINING_IO.prompt, 'float32', ['prompt', hiddenSize]);
  const inputIds = input(ENCODER_TRAINING_IO.inputIds, 'int64', ['rows', 'text']);
  const sourceBias = input(ENCODER_TRAINING_IO.sourceBias, 'float32', ['rows', 1, 1, 'prompt + text']);
  const decoderIds = input(ENCODER_TRAINING_IO.decoderIds, 'int64', ['rows', 'sequence']);
  const positions = input(ENCODER_TRAINING_IO.decoderPositions, 'int64', ['rows', 'sequence']);
  const bias = input(ENCODER_TRAINING_IO.decoderBias, 'float32', ['rows', 1, 'sequence', 'sequence']);
  const labelPositions = input(TRAINING_IO.labelPositions, 'int64', ['positions']);
  const targetIds = input(TRAINING_IO.targetIds, 'int64', ['positions', 'targets']);
  const tokenWeights = input(TRAINING_IO.tokenWeights, 'float32', ['choices*examples', 'positions*targets']);
  const lossWeights = input(TRAINING_IO.lossWeights, 'float32', ['examples', 'choices']);

  const table = storedTensor('shared.weight', weights.embeddings, 'float32', [vocabSize, hiddenSize]);
  const everyRow = concat([shapeOf(inputIds, 0, 1), shapeOf(prompt, 0, 2)], 0);
  const source = concat(
    [expand(reshape(prompt, [1, -1, hiddenSize]), everyRow), gather(table, inputIds, 0)],
    1,
  );
  const encoded = encodeT5(source, sourceBias, t5);
  const read = { embeddings: gather(table, decoderIds, 0), positions, bias };
  const hidden = decode(read, encoded, sourceBias, t5);

  const normed = t5Norm(gather(hidden, labelPositions, 0), 'decoder.final_layer_norm', t5);
  const logits = t5Logits(normed, t5);
  const { loss, logLikelihoods } = lossOf(logits, { targetIds, tokenWeights, lossWeights }, objective);
  const outputs = { [TRAINING_IO.loss]: loss, [TRAINING_IO.logLikelihoods]: logLikelihoods };
  return createGraph(
    [
      prompt,
      inputIds,
      sourceBias,
      decoderIds,
      positions,
      bias,
      labelPositions,
      targetIds,
      tokenWeights,
      lossWeights,
    ],
    gradient ? { ...outputs, [TRAINING_IO.promptGradient]: gradients(loss, [prompt])[0] as Result } : outputs,
  );
}

/** The decoder's last hidden states, float32 [rows * sequence, hidden]. */
function decode(
  { embeddings, positions, bias }: DecoderInputs,
  encoded: Encoded,
  sourceBias: Value,
  t5: T5,
): Value {
  const shape = { tokenShape: shapeOf(embeddings, 0, 2) };
  const distances = relativeBias(
    positions,
    positions,
    t5RelativeTable('decoder', t5),
    t5Buckets(t5.config, false),
  );
  const seen = add(distances, bias);
  let hidden: Value = reshape(embeddings, int64([-1, t5.config.hiddenSize]));
  for (let layer = 0; layer < t5.config.numDecoderLayers; layer++) {
    const { queries, ...own } = t5SelfProjections(hidden, layer, shape, t5);
    hidden = add(hidden, t5Output(attend(queries, own, seen), selfPrefix(layer), t5));
    const source = crossKeysValues(encoded, layer, t5);
    hidden = add(hidden, t5CrossAttention(hidden, layer, source, sourceBias, shape, t5));
    hidden = add(hidden, t5FeedForward(hidden, `decoder.block.${layer}.layer.2`, t5));
  }
  return hidden;
}
