import Database from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';

/** Runs `work`; what SQLite says about its disk becomes a refusal. Other errors are bugs and pass. */
export function translating<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const unavailable = (code: string, message: string, retryAfter: number) =>
    new DomainError('unavailable', code, message, { retryAfter, cause: error });
  // Extended result codes add a suffix: SQLITE_IOERR_WRITE.
  switch (/^SQLITE_[A-Z]+/.exec(error.code)?.[0]) {
    case 'SQLITE_FULL':
      return new DomainError('storage_full', 'storage_full', 'The database has no room left.', {
        cause: error,
      });
    case 'SQLITE_BUSY':
      return unavailable('storage_busy', 'Another process holds the database.', 1);
    case 'SQLITE_IOERR':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
      return unavailable('storage_io_error', `The database's disk failed: ${error.message}.`, 10);
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return unavailable('database_corrupt', `The database is damaged: ${error.message}.`, 60);
    default:
      return error;
  }
}
