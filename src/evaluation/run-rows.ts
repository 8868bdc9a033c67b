import { setTimeout } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import type { Usage } from '../domain/inference.ts';
import type { DataRow } from '../training/dataset/rows.ts';

/** How long a chunk waits before it asks for a place again. */
const RETRY_MS = 250;

/** What a model said to each of some rows. */
export interface Answered<T> {
  readonly values: readonly T[];
  readonly usage: Usage;
}

/** Asks the model about rows; rejects as a whole when one of them cannot be asked. */
export type Ask<T> = (rows: readonly DataRow[]) => Promise<Answered<T>>;

/** One piece of a run. */
export interface ChunkOutcome<T> {
  readonly answers: readonly T[];
  /** Rows that do not fit into the context. */
  readonly tooLong: readonly DataRow[];
  readonly usage: readonly Usage[];
}

/**
 * Asks about rows, `size` at a time. A row that does not fit into the context is set aside. Once a first chunk was
 * admitted, a later one waits for room instead of being refused. Rejects with the refusal of a row, which then names
 * its line.
 */
export async function* runRows<T>(
  rows: readonly DataRow[],
  size: number,
  ask: Ask<T>,
  signal: AbortSignal,
): AsyncGenerator<ChunkOutcome<T>> {
  for (let start = 0; start < rows.length; start += size) {
    const patient = start > 0;
    yield await setAside(rows.slice(start, start + size), (part) =>
      askWhenAdmitted(part, ask, patient, signal),
    );
    signal.throwIfAborted();
  }
}

/** Halves a chunk that does not fit until the rows are found that do not. */
async function setAside<T>(rows: readonly DataRow[], ask: Ask<T>): Promise<ChunkOutcome<T>> {
  try {
    const { values, usage } = await ask(rows);
    return { answers: values, tooLong: [], usage: [usage] };
  } catch (error) {
    if (!isTooLong(error)) throw namingLine(error, rows);
    if (rows.length === 1) return { answers: [], tooLong: rows, usage: [] };
    const middle = rows.length >> 1;
    const first = await setAside(rows.slice(0, middle), ask);
    const second = await setAside(rows.slice(middle), ask);
    return {
      answers: [...first.answers, ...second.answers],
      tooLong: [...first.tooLong, ...second.tooLong],
      usage: [...first.usage, ...second.usage],
    };
  }
}

async function askWhenAdmitted<T>(
  rows: readonly DataRow[],
  ask: Ask<T>,
  patient: boolean,
  signal: AbortSignal,
): Promise<Answered<T>> {
  for (;;) {
    try {
      return await ask(rows);
    } catch (error) {
      if (!patient || !isCrowded(error)) throw error;
      await setTimeout(RETRY_MS, undefined, { signal });
    }
  }
}

const isCrowded = (error: unknown): boolean =>
  error instanceof DomainError && (error.kind === 'contended' || error.code === 'queue_timeout');

/** A label that is too long is no fault of a row. */
const isTooLong = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'context_length_exceeded' && error.param !== 'labels';

/** The inference numbers the inputs of one request; the file's lines mean more. */
function namingLine(error: unknown, rows: readonly DataRow[]): unknown {
  if (!(error instanceof DomainError)) return error;
  const index = /^inputs\[([0-9]+)\]/.exec(error.param ?? '')?.[1];
  const row = index === undefined ? undefined : rows[Number(index)];
  if (row === undefined) return error;
  const { expected, given } = error;
  const message = `Row ${row.row}, line ${row.line}: ${error.message}`;
  return new DomainError(error.kind, error.code, message, { param: 'file', expected, given, cause: error });
}
