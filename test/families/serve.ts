import type ort from 'onnxruntime-node';
import { bestCount, type DecoderConfig, MASKED, SERVING_IO } from '../../src/families/decoder.ts';
import { type Fed, floats, ints, runSession } from '../graph/run-graph.ts';

/** One sequence in a batch: its past and the embeddings of its new positions. */
export interface Row {
  /** Keys of layer i at 2i, values at 2i + 1; each [kv_heads][past][head_dim]. */
  readonly past: readonly number[][][][];
  readonly embeddings: readonly (readonly number[])[];
}

export interface RowResult {
  readonly logits: number[][];
  /** The past with the new positions behind it. */
  readonly past: number[][][][];
}

export const emptyPast = (config: DecoderConfig): number[][][][] =>
  Array.from({ length: 2 * config.numLayers }, () =>
    Array.from({ length: config.numKeyValueHeads }, () => []),
  );

/** What stands in a cache slot or position that belongs to no sequence. */
const STALE = 7;

/** The past is padded to a multiple of this, see `buildServingGraph`. */
const PAST_ALIGNMENT = 16;

/** What a run tells of its logits beside the logits themselves; see SERVING_IO. */
export interface Selection {
  readonly bestRows?: readonly number[];
  readonly scoredRows?: readonly number[];
  readonly scorePairs?: readonly (readonly [row: number, token: number])[];
}

export interface Served {
  readonly rows: RowResult[];
  readonly logits: number[][];
  /** Hidden states of the same positions. */
  readonly hidden: number[][];
  readonly bestLogits: number[][];
  readonly bestTokens: number[][];
  readonly scores: number[];
}

/**
 * One run of the serving graph over ragged rows: pasts are padded on the right, new positions too.
 * `logitPositions` defaults to every real position.
 */
export async function serve(
  session: ort.InferenceSession,
  config: DecoderConfig,
  rows: readonly Row[],
  logitPositions?: readonly number[],
  { bestRows = [0], scoredRows = [], scorePairs = [] }: Selection = {},
): Promise<Served> {
  const { headDim, hiddenSize, numKeyValueHeads, numLayers, vocabSize } = config;
  const lengthOf = (row: Row): number => row.past[0]![0]!.length;
  const past = Math.ceil(Math.max(...rows.map(lengthOf)) / PAST_ALIGNMENT) * PAST_ALIGNMENT;
  const sequence = Math.max(...rows.map((row) => row.embeddings.length));
  const slots = (row: Row, visit: (position: number) => number[]): number[] =>
    Array.from({ length: sequence }, (_, s) => visit(Math.min(s, row.embeddings.length - 1))).flat();
  const mask = (row: Row, position: number): number[] =>
    Array.from({ length: past + sequence }, (_, at) => {
      const seen = at < past ? at < lengthOf(row) : at - past <= position;
      return seen ? 0 : MASKED;
    });
  const positions =
    logitPositions ?? rows.flatMap((row, b) => row.embeddings.map((_, position) => b * sequence + position));
  const feeds: Record<string, Fed> = {
    [SERVING_IO.inputsEmbeds]: floats(
      [rows.length, sequence, hiddenSize],
      rows.flatMap((row) => slots(row, (position) => [...row.embeddings[position]!])),
    ),
    [SERVING_IO.positionIds]: ints(
      [rows.length, sequence],
      rows.flatMap((row) => slots(row, (position) => [lengthOf(row) + position])),
    ),
    [SERVING_IO.attentionBias]: floats(
      [rows.length, 1, sequence, past + sequence],
      rows.flatMap((row) => slots(row, (position) => mask(row, position))),
    ),
    [SERVING_IO.logitPositions]: ints([positions.length], positions),
    [SERVING_IO.bestRows]: ints([bestRows.length], bestRows),
    [SERVING_IO.scoredRows]: ints([scoredRows.length], scoredRows),
    [SERVING_IO.scorePairs]: ints([scorePairs.length, 2], scorePairs.flat()),
  };
  const cache = (index: number): Fed =>
    floats(
      [rows.length, numKeyValueHeads, past, headDim],
      rows.flatMap((row) =>
        row.past[index]!.flatMap((head) => [
          ...head.flat(),
          ...new Array(headDim * (past - head.length)).fill(STALE),
        ]),
      ),
    );
  for (let layer = 0; layer < numLayers; layer++) {
    feeds[SERVING_IO.pastKeys(layer)] = cache(2 * layer);
    feeds[SERVING_IO.pastValues(layer)] = cache(2 * layer + 1);
  }
  const outputs = await runSession(session, feeds);
  const flat = outputs[SERVING_IO.logits]!.data;
  const logits = positions.map((_, row) => flat.slice(row * vocabSize, (row + 1) * vocabSize));
  const states = outputs[SERVING_IO.hiddenStates]!.data;
  const hidden = positions.map((_, row) => states.slice(row * hiddenSize, (row + 1) * hiddenSize));
  const news = outputs[SERVING_IO.newKeysValues]!;
  const remaining = [...logits];
  const results = rows.map((row, b) => ({
    logits: remaining.splice(0, row.embeddings.length),
    past: row.past.map((heads, index) =>
      heads.map((head, h) => [
        ...head,
        ...row.embeddings.map((_, s) => {
          const at = (((index * rows.length + b) * numKeyValueHeads + h) * sequence + s) * headDim;
          return news.data.slice(at, at + headDim);
        }),
      ]),
    ),
  }));
  const count = bestCount(vocabSize);
  const chunked = (name: string): number[][] =>
    bestRows.map((_, row) => outputs[name]!.data.slice(row * count, (row + 1) * count));
  return {
    rows: results,
    logits,
    hidden,
    bestLogits: chunked(SERVING_IO.bestLogits),
    bestTokens: chunked(SERVING_IO.bestTokens),
    scores: outputs[SERVING_IO.scores]!.data,
  };
}
