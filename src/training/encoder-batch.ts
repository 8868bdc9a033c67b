import { MASKED } from '../families/decoder.ts';
import { ENCODER_TRAINING_IO } from '../families/encoder-decoder.ts';
import { TRAINING_IO } from '../families/training.ts';
import { type BatchLayout, lossWeights, type PackedBatch, roundedLength } from './batch.ts';
import { type Example, packedLength } from './example.ts';
import { LabelPicks } from './label-picks.ts';
import { allowSeen, slotsOf } from './visibility.ts';

/** Tokens of a row: the prompt with the text, and what the decoder reads. */
export function encoderRowTokens(examples: readonly Example[], { promptLength }: BatchLayout): number {
  const { text, sequence } = widthsOf(examples);
  return promptLength + text + sequence;
}

/**
 * Packs examples into one batch for ENCODER_TRAINING_IO. The continuations of an example stand in one row of the
 * decoder behind its start token, each seeing that and itself only.
 * @param weight of each right continuation in the loss
 */
export function packEncoderBatch(
  examples: readonly Example[],
  { promptLength }: BatchLayout,
  startTokenId: number,
  weight: number,
): PackedBatch {
  const rows = examples.length;
  const { text, sequence } = widthsOf(examples);
  const source = promptLength + text;
  const choices = examples[0]!.continuations.length;
  const inputIds = new BigInt64Array(rows * text);
  const sourceBias = new Float32Array(rows * source).fill(MASKED);
  const decoderIds = new BigInt64Array(rows * sequence);
  const decoderPositions = new BigInt64Array(rows * sequence);
  const decoderBias = new Float32Array(rows * sequence * sequence).fill(MASKED);
  const picks = new LabelPicks();
  for (const [row, example] of examples.entries()) {
    for (const [column, id] of example.inputIds.entries()) inputIds[row * text + column] = BigInt(id);
    sourceBias.fill(0, row * source, row * source + promptLength + example.inputIds.length);
    const decoded = decodedPart(example, startTokenId);
    const slots = slotsOf(decoded, sequence);
    for (const [column, { id, depth }] of slots.entries()) {
      decoderIds[row * sequence + column] = BigInt(id);
      decoderPositions[row * sequence + column] = BigInt(depth);
    }
    const seen = decoderBias.subarray(row * sequence * sequence, (row + 1) * sequence * sequence);
    allowSeen(seen, slots, { promptLength: 0, slidingWindow: null });
    picks.add(decoded, row * sequence, row * sequence, row * choices);
  }
  const feeds = {
    [ENCODER_TRAINING_IO.inputIds]: { data: inputIds, dims: [rows, text] },
    [ENCODER_TRAINING_IO.sourceBias]: { data: sourceBias, dims: [rows, 1, 1, source] },
    [ENCODER_TRAINING_IO.decoderIds]: { data: decoderIds, dims: [rows, sequence] },
    [ENCODER_TRAINING_IO.decoderPositions]: { data: decoderPositions, dims: [rows, sequence] },
    [ENCODER_TRAINING_IO.decoderBias]: { data: decoderBias, dims: [rows, 1, sequence, sequence] },
    ...picks.feeds(rows * choices),
    [TRAINING_IO.lossWeights]: { data: lossWeights(examples, weight), dims: [rows, choices] },
  };
  return { feeds, examples, tokens: rows * (source + sequence) };
}

/** What the decoder reads of an example: behind its start token the continuations. */
const decodedPart = (example: Example, startTokenId: number): Example => ({
  ...example,
  inputIds: [startTokenId],
});

function widthsOf(examples: readonly Example[]): { readonly text: number; readonly sequence: number } {
  const texts = examples.map(({ inputIds }) => inputIds.length);
  const sequences = examples.map((example) => packedLength(decodedPart(example, 0)));
  return { text: roundedLength(texts), sequence: roundedLength(sequences) };
}
