import pg from 'pg';
import { DomainError, type ErrorDetails } from '../../domain/errors.ts';

/**
 * What a client is told while the shared database cannot be used: reads go on, writes are refused. Why is for the operator
 * alone, in the cause: it names addresses and users.
 */
export function sharedStoreUnavailable(cause: unknown): DomainError {
  if (cause instanceof DomainError && cause.kind === 'unavailable') return cause;
  return new DomainError(
    'unavailable',
    'shared_store_unavailable',
    'The shared database cannot be used now: nothing can be changed, and stored prompts answer on.',
    { retryAfter: 5, cause },
  );
}

/** While a transaction was committed its connection ended: the caller cannot know whether it took place. */
export class CommitFailed extends Error {
  constructor(cause: unknown) {
    super('The connection ended during a commit', { cause });
  }
}

/** What a client is told when its write may have taken place, here or there. */
export function writeUnknown(cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'write_unknown',
    'The shared database failed during this write; whether it took place is not known. Look before you repeat it.',
    { retryAfter: 5, cause },
  );
}

/** Of a text that SQLite would keep, and PostgreSQL does not. */
export function textNotStorable(details: Pick<ErrorDetails, 'param' | 'given' | 'cause'>): DomainError {
  const message = 'The shared database takes no text with U+0000 or half a surrogate pair in it.';
  const expected = 'text without U+0000';
  return new DomainError('unprocessable', 'text_not_storable', message, { expected, ...details });
}

/** Whether the connection cannot be used after this error: the server ended it, or its state is not known. */
export const isOver = (error: unknown): boolean =>
  error instanceof pg.DatabaseError ? error.severity !== 'ERROR' : !(error instanceof DomainError);

/**
 * SQLSTATEs of a server that lets no one in, ends, is full of clients, takes no writes, lost its disk, was too slow, or is
 * being restored.
 */
const PASSING = /^(08|25006|25P03|28|3D000|3F000|42501|42P01|53300|53400|57014|57P0|58|XX00)/;
/** Of a write that waited too long for those of others, or met one. */
const BUSY = /^(55P03|40001|40P01)/;
const FULL = /^53[12]00/;
/** A NUL, or half a surrogate pair. */
const UNSTORABLE = /^(22P05|22021)/;

/**
 * Runs `work`; what PostgreSQL or its connection says becomes a refusal: `unavailable` shared_store_unavailable, storage_busy
 * and write_unknown, `storage_full`, `unprocessable` text_not_storable.
 */
export async function translatingPostgres<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (error instanceof CommitFailed) return writeUnknown(error);
  if (!(error instanceof pg.DatabaseError))
    return isOfConnection(error) ? sharedStoreUnavailable(error) : error;
  const { code = '' } = error;
  if (PASSING.test(code)) return sharedStoreUnavailable(error);
  if (BUSY.test(code)) {
    const message = 'Writes of other replicas hold the shared database.';
    return new DomainError('unavailable', 'storage_busy', message, { retryAfter: 1, cause: error });
  }
  if (FULL.test(code)) {
    const message = 'The shared database has no room left.';
    return new DomainError('storage_full', 'storage_full', message, { cause: error });
  }
  if (UNSTORABLE.test(code)) return textNotStorable({ cause: error });
  return error;
}

/** The driver's own errors have no class: those of sockets have a code, those of its state a text. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (typeof Object(error).syscall === 'string') return true;
  return /^(Connection terminated|timeout e|Client (was closed|has encountered)|Query read timeout|Cannot use)/i.test(
    error.message,
  );
}
