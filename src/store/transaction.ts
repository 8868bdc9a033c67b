import type { Database } from 'better-sqlite3';
import { translating } from './sqlite-errors.ts';

/** Takes the write lock at once: a transaction that reads first could not take it later without a retry. */
export function transaction<Args extends unknown[], T>(
  db: Database,
  work: (...args: Args) => T,
): (...args: Args) => T {
  const run = db.transaction(work);
  return (...args) => translating(() => run.immediate(...args));
}
