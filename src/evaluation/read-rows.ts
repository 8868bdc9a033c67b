import { setImmediate } from 'node:timers/promises';
import type { LabelledRows, RowFiles } from '../domain/evaluation.ts';
import type { Principal } from '../domain/principal.ts';
import { type Dataset, readDataset } from '../training/dataset/dataset.ts';
import { DATASET_LIMITS, type DatasetLimits } from '../training/dataset/limits.ts';

const LIMITS: DatasetLimits = { ...DATASET_LIMITS, maxRows: 100_000 };

/** Bytes that are parsed before other requests get their turn. */
const PIECE_BYTES = 64 * 1024;

/**
 * Reads and checks labelled rows. Rejects like `readDataset`, with row and line of every problem; rows of a request
 * count as lines.
 * @param labels what rows may have as labels; null: any, at least two
 */
export async function readRows(
  rows: LabelledRows,
  labels: readonly string[] | null,
  files: RowFiles,
  caller: Principal,
): Promise<Dataset> {
  switch (rows.kind) {
    case 'rows':
      return readDataset(lines(rows.rows), { format: 'jsonl', limits: LIMITS, labels });
    case 'bytes':
      return readDataset(pieces(rows.bytes), { format: rows.format, limits: LIMITS, labels });
    case 'file': {
      const { source, format } = await files.readRows(rows.id, caller);
      return readDataset(source, { format, limits: LIMITS, labels });
    }
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    await setImmediate();
    yield bytes.subarray(start, start + PIECE_BYTES);
  }
}

/** The file that the rows of a request stand for, so that both are checked alike. */
async function* lines(rows: readonly object[]): AsyncGenerator<Uint8Array> {
  let text = '';
  for (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < PIECE_BYTES) continue;
    await setImmediate();
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
