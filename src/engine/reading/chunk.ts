import { MASKED } from '../../model/bundle.ts';
import type { Backend, PastPrefix, SourceInputs, StepInputs } from '../backend.ts';
import { sourceBias } from '../encoding/source-bias.ts';
import { ELEMENTS, type KvArray } from '../kv/elements.ts';
import { alignPast, copyPlane, type KvView } from '../kv/kv.ts';
import type { RowSource } from './embeddings.ts';

/**
 * The part of one sequence that runs in one forward pass, as one row of a batch: `linear` positions that
 * attend causally to the past and to each other, then branches that each attend to all of that and to
 * themselves only. Branches are how alternative continuations are scored without running the input again.
 */
export interface Chunk {
  readonly past: KvView | null;
  /** What the encoder made of the input; null in a decoder-only model. */
  readonly source: KvView | null;
  /** Position id of the first linear position. */
  readonly start: number;
  readonly linear: number;
  /** Position id of the first position of every branch. */
  readonly branchStart: number;
  readonly branches: readonly number[];
  /** Rows of the linear positions, then of the branches one after the other. */
  readonly rows: RowSource;
  /** Positions inside this chunk at which something is predicted, ascending. */
  readonly logitRows: readonly number[];
  /** What is wanted there: the best tokens, all logits, the log-probabilities of `targets`, or hidden states. */
  readonly wants: 'best' | 'logits' | 'scores' | 'hidden';
  readonly targets: readonly Target[];
}

/** A token whose log-probability is wanted. */
export interface Target {
  /** Index into the chunk's `logitRows`. */
  readonly row: number;
  readonly token: number;
}

export function chunkLength(chunk: Chunk): number {
  return chunk.linear + chunk.branches.reduce((sum, length) => sum + length, 0);
}

/** Puts chunks together as the rows of one run, padded on the right to the longest. */
export function assembleStep(chunks: readonly Chunk[], backend: Backend): StepInputs {
  const batch = chunks.length;
  const sequence = Math.max(...chunks.map(chunkLength));
  const past = pastCapacity(chunks);
  const prefixes = pastPrefixes(chunks);
  const hidden = backend.hiddenSize;
  const embeds = new Float32Array(batch * sequence * hidden);
  const positionIds = new BigInt64Array(batch * sequence);
  const attentionBias = new Float32Array(batch * sequence * (past + sequence)).fill(MASKED);
  chunks.forEach((chunk, index) => {
    const first = index * sequence;
    const length = chunkLength(chunk);
    for (let i = 0; i < length; i++) embeds.set(chunk.rows.row(i), (first + i) * hidden);
    writePositions(chunk, positionIds.subarray(first, first + length));
    const width = past + sequence;
    const bias = attentionBias.subarray(first * width, (first + sequence) * width);
    writeBias(chunk, bias, past, width, backend.slidingWindow);
  });
  return {
    batch,
    sequence,
    past,
    embeds,
    positionIds,
    attentionBias,
    pastPlanes: joinPlanes(
      chunks.map((chunk) => chunk.past),
      past,
      backend,
    ),
    ...(prefixes !== null && { pastPrefixes: prefixes }),
    source: joinSources(chunks, backend),
    ...predictions(chunks, sequence),
  };
}

/** Which rows of logits a run computes, and what it tells of them; the order is that of the chunks. */
function predictions(
  chunks: readonly Chunk[],
  sequence: number,
): Pick<
  StepInputs,
  'logitPositions' | 'bestRows' | 'scoredRows' | 'scorePairs' | 'wantsLogits' | 'wantsHidden'
> {
  const logitPositions: number[] = [];
  const bestRows: number[] = [];
  const scoredRows: number[] = [];
  const scorePairs: number[] = [];
  chunks.forEach(({ logitRows, wants, targets }, index) => {
    for (const { row, token } of targets) scorePairs.push(scoredRows.length + row, token);
    for (const row of logitRows) {
      if (wants === 'best') bestRows.push(logitPositions.length);
      else if (wants === 'scores') scoredRows.push(logitPositions.length);
      logitPositions.push(index * sequence + row);
    }
  });
  const anyWants = (kind: Chunk['wants']): boolean =>
    chunks.some(({ wants, logitRows }) => wants === kind && logitRows.length > 0);
  return {
    logitPositions: integers(logitPositions),
    bestRows: integers(bestRows),
    scoredRows: integers(scoredRows),
    scorePairs: integers(scorePairs),
    wantsLogits: anyWants('logits'),
    wantsHidden: anyWants('hidden'),
  };
}

function integers(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

function pastCapacity(chunks: readonly Chunk[]): number {
  // One sequence alone reads its past where it lies, spare capacity included.
  if (chunks.length === 1) return chunks[0]!.past?.capacity ?? 0;
  return alignPast(Math.max(...chunks.map((chunk) => chunk.past?.length ?? 0)));
}

/** Null where the past of a row is more than a prefix, or none has any. */
function pastPrefixes(chunks: readonly Chunk[]): readonly (PastPrefix | null)[] | null {
  const pasts = chunks.map(({ past }) => past);
  const arePrefixes = pasts.every((past) => past === null || past.prefixKey !== undefined);
  if (!arePrefixes || pasts.every((past) => past === null)) return null;
  return pasts.map((past) => past && { key: past.prefixKey!, length: past.length });
}

/** One view a row, side by side and padded to `capacity` positions; a single one is read in place. */
function joinPlanes(
  views: readonly (KvView | null)[],
  capacity: number,
  { kvShape }: Backend,
): readonly KvArray[] {
  const { planes, heads, dim, element } = kvShape;
  const rowStride = heads * capacity * dim;
  return Array.from({ length: planes }, (_, plane) => {
    const only = views.length === 1 ? views[0]! : null;
    if (only !== null) return only.data(plane).subarray(only.offset(plane), only.offset(plane) + rowStride);
    const target = ELEMENTS[element].zeros(views.length * rowStride);
    views.forEach((view, row) => {
      if (view !== null) copyPlane(kvShape, view, plane, target, row * rowStride, capacity, 0);
    });
    return target;
  });
}

function joinSources(chunks: readonly Chunk[], backend: Backend): SourceInputs | null {
  const sources = chunks.flatMap(({ source }) => (source === null ? [] : [source]));
  if (sources.length === 0) return null;
  const only = sources.length === 1 ? sources[0]! : null;
  const length = only?.capacity ?? alignPast(Math.max(...sources.map((source) => source.length)));
  const bias = sourceBias(
    sources.map((source) => source.length),
    length,
  );
  return { length, planes: joinPlanes(sources, length, backend), bias };
}

function writePositions(chunk: Chunk, target: BigInt64Array): void {
  for (let i = 0; i < chunk.linear; i++) target[i] = BigInt(chunk.start + i);
  let at = chunk.linear;
  for (const length of chunk.branches) {
    for (let i = 0; i < length; i++) target[at++] = BigInt(chunk.branchStart + i);
  }
}

function writeBias(
  chunk: Chunk,
  bias: Float32Array,
  past: number,
  width: number,
  slidingWindow: number | null,
): void {
  const pastLength = chunk.past?.length ?? 0;
  /** Opens columns [from, to) of a query row to positions `firstPosition`, `firstPosition` + 1, ... */
  const open = (query: number, position: number, from: number, to: number, firstPosition: number): void => {
    const oldest = slidingWindow === null ? 0 : position - slidingWindow + 1;
    const skip = Math.max(0, oldest - firstPosition);
    if (from + skip < to) bias.fill(0, query * width + from + skip, query * width + to);
  };
  for (let i = 0; i < chunk.linear; i++) {
    const position = chunk.start + i;
    open(i, position, 0, pastLength, 0);
    open(i, position, past, past + i + 1, chunk.start);
  }
  let at = chunk.linear;
  for (const length of chunk.branches) {
    for (let i = 0; i < length; i++) {
      const query = at + i;
      const position = chunk.branchStart + i;
      open(query, position, 0, pastLength, 0);
      open(query, position, past, past + chunk.linear, chunk.start);
      open(query, position, past + at, past + at + i + 1, chunk.branchStart);
    }
    at += length;
  }
}
