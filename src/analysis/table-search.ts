import { closeSync, openSync, readSync } from 'node:fs';
import { median, type NearestRows, NearestSearch, rowNorms } from './nearest-rows.ts';

/** Numbers of the table that are in memory at a time: 4 MB. */
const BLOCK = 1 << 20;

/** An embedding table in a file: float32 little-endian [vocabSize, hiddenSize]. */
export interface TableFile {
  readonly file: string;
  readonly vocabSize: number;
  readonly hiddenSize: number;
}

/** L2 norms of a table's rows. */
export interface TableNorms {
  /** [vocabSize] */
  readonly norms: Float64Array;
  readonly median: number;
}

export interface TableQuery {
  readonly table: TableFile;
  /** Row-major [count, hiddenSize]. */
  readonly queries: Float32Array;
  readonly k: number;
  /** Of an earlier pass over the same table; null: there was none. */
  readonly known: TableNorms | null;
}

export interface TableAnswer extends NearestRows {
  readonly table: TableNorms;
}

/** Reads the table once, a block at a time. Blocks its thread. Throws when the file ends early. */
export function searchTable({ table, queries, k, known }: TableQuery, block = BLOCK): TableAnswer {
  const { file, vocabSize, hiddenSize } = table;
  const search = new NearestSearch(queries, hiddenSize, k);
  const norms = known?.norms ?? new Float64Array(vocabSize);
  const step = Math.max(1, Math.floor(block / hiddenSize));
  const buffer = new Float32Array(Math.min(step, vocabSize) * hiddenSize);
  const descriptor = openSync(file, 'r');
  try {
    for (let first = 0; first < vocabSize; first += step) {
      const rows = Math.min(step, vocabSize - first);
      const values = buffer.subarray(0, rows * hiddenSize);
      readFully(descriptor, values, first * hiddenSize * Float32Array.BYTES_PER_ELEMENT);
      if (known === null) norms.set(rowNorms(values, hiddenSize), first);
      search.add(values, norms.subarray(first, first + rows), first);
    }
  } finally {
    closeSync(descriptor);
  }
  return { ...search.result(), table: known ?? { norms, median: median(norms) } };
}

function readFully(descriptor: number, values: Float32Array, position: number): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, position + at);
    if (read === 0) throw new Error(`The embedding table ends after ${position + at} bytes.`);
    at += read;
  }
}
