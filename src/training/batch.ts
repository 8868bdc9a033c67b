import type { TensorFeed } from '../engine/tensor-session.ts';
import { MASKED } from '../families/decoder.ts';
import { type Objective, type PromptForm, TRAINING_IO } from '../families/training.ts';
import { encoderRowTokens, packEncoderBatch } from './encoder-batch.ts';
import { type Example, packedLength } from './example.ts';
import { LabelPicks } from './label-picks.ts';
import { allowSeen, promptBias, slotsOf, type Visibility } from './visibility.ts';

/** What a batch must know of the model and the prompt. */
export interface BatchLayout extends Visibility {
  readonly contextLength: number;
  readonly objective: Objective;
  readonly form: PromptForm;
  /** What the decoder of an encoder-decoder model reads first; null: the model is a decoder only. */
  readonly startTokenId: number | null;
}

/** Fed to the training graph under the names of TRAINING_IO or ENCODER_TRAINING_IO, without the prompt. */
export interface Batch {
  readonly feeds: Readonly<Record<string, TensorFeed>>;
  readonly examples: readonly Example[];
  /** Whose prompt they see. */
  readonly task: number;
  /** Tokens that pass through the layers: a prompt of rows, texts and padding. */
  readonly tokens: number;
}

/** A batch of which it is not said whose prompt its examples see. */
export type PackedBatch = Omit<Batch, 'task'>;

/** Lengths are rounded up to this, so that batches come in few shapes and buffers are used again. */
const LENGTH_STEP = 4;

/**
 * Tokens of texts in one run, a single longer text aside. What the backward pass keeps of each token adds up to
 * megabytes, so this bounds the memory of any batch; products of this many rows are as fast as they get.
 */
const MOST_TEXT_TOKENS = 640;

/**
 * Packs examples into batches of one task each, and as many equal ones as memory asks for. Their losses and gradients
 * add up to those of one.
 */
export function packBatches(examples: readonly Example[], layout: BatchLayout): Batch[] {
  const weight = lossWeight(examples, layout.objective);
  const tasks = [...new Set(examples.map(taskOf))];
  return tasks.flatMap((task) =>
    packTask(
      examples.filter((example) => taskOf(example) === task),
      layout,
      weight,
    ),
  );
}

const taskOf = ({ task = 0 }: Example): number => task;

function packTask(examples: readonly Example[], layout: BatchLayout, weight: number): Batch[] {
  const { startTokenId } = layout;
  const rowTokens = startTokenId === null ? widthOf(examples) : encoderRowTokens(examples, layout);
  const runs = Math.ceil(examples.length / Math.max(1, Math.floor(MOST_TEXT_TOKENS / rowTokens)));
  const size = Math.ceil(examples.length / runs);
  return Array.from({ length: Math.ceil(examples.length / size) }, (_, run) =>
    packBatch(examples.slice(run * size, (run + 1) * size), layout, weight),
  );
}

/**
 * Packs examples of one task into one batch; all of them need the same number of continuations.
 * @param weight of each right continuation in the loss
 */
export function packBatch(
  examples: readonly Example[],
  layout: BatchLayout,
  weight = lossWeight(examples, layout.objective),
): Batch {
  const packed =
    layout.startTokenId === null
      ? packDecoderBatch(examples, layout, weight)
      : packEncoderBatch(examples, layout, layout.startTokenId, weight);
  return { ...packed, task: taskOf(examples[0]!) };
}

/**
 * Packs examples for a decoder-only model. The continuations of an example stand behind its text in one row, each seeing the
 * text and itself only and counting its positions from the end of the text: the text passes through the model once,
 * however many labels there are. Before keys and values that are given each needs a text: they predict no token.
 */
function packDecoderBatch(examples: readonly Example[], layout: BatchLayout, weight: number): PackedBatch {
  const { promptLength, form } = layout;
  // Given keys and values are in the layers already.
  const passing = form === 'rows' ? promptLength : 0;
  const sequence = widthOf(examples);
  const choices = examples[0]!.continuations.length;
  const inputIds = new BigInt64Array(examples.length * sequence);
  const positionIds = new BigInt64Array(passing + inputIds.length);
  for (let i = 0; i < passing; i++) positionIds[i] = BigInt(i);
  const textBias = new Float32Array(inputIds.length * (promptLength + sequence)).fill(MASKED);
  const picks = new LabelPicks();
  for (const [row, example] of examples.entries()) {
    const slots = slotsOf(example, sequence);
    for (const [column, { id, depth }] of slots.entries()) {
      inputIds[row * sequence + column] = BigInt(id);
      const position = Math.min(promptLength + depth, layout.contextLength - 1);
      positionIds[passing + row * sequence + column] = BigInt(position);
    }
    const width = promptLength + sequence;
    allowSeen(textBias.subarray(row * sequence * width, (row + 1) * sequence * width), slots, layout);
    const start = passing + row * sequence;
    // Without a text the label follows the prompt itself.
    const before = example.inputIds.length > 0 ? start + example.inputIds.length - 1 : passing - 1;
    picks.add(example, start, before, row * choices);
  }
  const feeds = {
    [TRAINING_IO.inputIds]: { data: inputIds, dims: [examples.length, sequence] },
    [TRAINING_IO.positionIds]: { data: positionIds, dims: [positionIds.length] },
    ...(form === 'rows' && {
      [TRAINING_IO.promptBias]: { data: promptBias(layout), dims: [promptLength, promptLength] },
    }),
    [TRAINING_IO.textBias]: { data: textBias, dims: [examples.length, sequence, promptLength + sequence] },
    ...picks.feeds(examples.length * choices),
    [TRAINING_IO.lossWeights]: { data: lossWeights(examples, weight), dims: [examples.length, choices] },
  };
  return { feeds, examples, tokens: positionIds.length };
}

/** Columns of a batch of these examples. */
const widthOf = (examples: readonly Example[]): number => roundedLength(examples.map(packedLength));

/** The longest of these lengths, rounded up; at least one step. */
export const roundedLength = (lengths: readonly number[]): number =>
  Math.max(LENGTH_STEP, Math.ceil(Math.max(...lengths) / LENGTH_STEP) * LENGTH_STEP);

/** tokens: the mean over all label tokens of the batch, as transformers takes it; choices: over the examples. */
function lossWeight(examples: readonly Example[], objective: Objective): number {
  if (objective === 'choices') return 1 / examples.length;
  return 1 / examples.reduce((sum, { continuations, target }) => sum + continuations[target]!.length, 0);
}

export function lossWeights(examples: readonly Example[], weight: number): Float32Array {
  const choices = examples[0]!.continuations.length;
  const weights = new Float32Array(examples.length * choices);
  for (const [row, { target }] of examples.entries()) weights[row * choices + target] = weight;
  return weights;
}
