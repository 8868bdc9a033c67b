import pg from 'pg';
import { DomainError } from '../../domain/errors.ts';

/** What a client is told while the shared database cannot be reached: reads go on, writes are refused. */
export function sharedStoreUnavailable(cause: unknown): DomainError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DomainError(
    'unavailable',
    'shared_store_unavailable',
    `The shared database cannot be reached (${reason}). Stored prompts answer on; nothing can be changed.`,
    { retryAfter: 5, cause },
  );
}

/** SQLSTATEs of a server that ends, is full of clients, waits for a lock too long, or lost its connection. */
const PASSING = /^(08|53300|57P0|55P03|57014|40001|40P01)/;
const FULL = /^53[12]00/;
/** A NUL, or half a surrogate pair: SQLite keeps such a text, PostgreSQL does not. */
const UNSTORABLE = /^(22P05|22021)/;

/** Runs `work`; what PostgreSQL or its connection says becomes a refusal. */
export async function translatingPostgres<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (!(error instanceof pg.DatabaseError))
    return isOfConnection(error) ? sharedStoreUnavailable(error) : error;
  const { code = '' } = error;
  if (PASSING.test(code)) return sharedStoreUnavailable(error);
  if (FULL.test(code)) {
    const message = 'The shared database has no room left.';
    return new DomainError('storage_full', 'storage_full', message, { cause: error });
  }
  if (UNSTORABLE.test(code)) {
    const message = 'The shared database takes no text with U+0000 or half a surrogate pair in it.';
    return new DomainError('unprocessable', 'text_not_storable', message, { cause: error });
  }
  return error;
}

/** The driver's own errors have no class: those of sockets have a code, those of its state a text. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (typeof Object(error).syscall === 'string') return true;
  return /^(Connection terminated|timeout expired|Client (was closed|has encountered)|Query read timeout|Cannot use)/i.test(
    error.message,
  );
}
