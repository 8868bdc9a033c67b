import type { Backend, BestTokens, StepOutputs } from '../backend.ts';
import type { Chunk } from './chunk.ts';

/** What the model says of the token that follows a position. */
export type Prediction =
  /** All logits [vocab]; the receiver may change them. */
  | { readonly kind: 'logits'; readonly logits: Float32Array }
  | { readonly kind: 'best'; readonly best: BestTokens };

/** What a run says of one chunk. */
export interface ChunkResults {
  /** Of the chunk's `logitRows[index]`, if it wants logits. */
  logits(index: number): Float32Array;
  /** Of the chunk's `logitRows[index]`, in the form that it wants. */
  prediction(index: number): Prediction;
  /** Of the chunk's `logitRows[index]`, [hidden], if it wants hidden states. */
  hidden(index: number): Float32Array;
  /** log p of the chunk's targets. */
  readonly scores: Float32Array;
}

/** Hands a run's outputs out to the chunks that it was assembled from. */
export function resultsOf(
  chunks: readonly Chunk[],
  outputs: StepOutputs,
  { vocabSize, hiddenSize, bestCount }: Pick<Backend, 'vocabSize' | 'hiddenSize' | 'bestCount'>,
): readonly ChunkResults[] {
  let nextRow = 0;
  let nextBest = 0;
  let nextScore = 0;
  return chunks.map(({ logitRows, wants, targets }) => {
    const firstRow = nextRow;
    const firstBest = nextBest;
    const scores = outputs.scores.subarray(nextScore, nextScore + targets.length);
    nextRow += logitRows.length;
    nextScore += targets.length;
    if (wants === 'best') nextBest += logitRows.length;
    const logits = (index: number): Float32Array => rowOf(outputs.logits!, firstRow + index, vocabSize);
    const prediction = (index: number): Prediction =>
      wants === 'best'
        ? { kind: 'best', best: bestOf(outputs, firstBest + index, bestCount) }
        : { kind: 'logits', logits: logits(index) };
    const hidden = (index: number): Float32Array =>
      rowOf(outputs.hiddenStates!, firstRow + index, hiddenSize);
    return { logits, prediction, hidden, scores };
  });
}

/** The best tokens of one row of those whose best were wanted. */
export function bestOf({ best }: StepOutputs, row: number, bestCount: number): BestTokens {
  const [from, to] = [row * bestCount, (row + 1) * bestCount];
  return { logits: best.logits.subarray(from, to), tokens: best.tokens.subarray(from, to) };
}

/** One row of a matrix [rows, width]. */
export function rowOf(matrix: Float32Array, row: number, width: number): Float32Array {
  return matrix.subarray(row * width, (row + 1) * width);
}

/** A number that is not finite anywhere in a row's keys, values or activations makes all of its logits NaN. */
export function isFinitePrediction(prediction: Prediction): boolean {
  return Number.isFinite(prediction.kind === 'best' ? prediction.best.logits[0] : prediction.logits[0]);
}
