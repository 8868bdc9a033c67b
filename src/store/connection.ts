import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';
import { checkSchema, migrate, readMigrations } from './migrations.ts';
import { createPrivately, PRIVATE_DIRECTORY } from './private.ts';

const BUSY_TIMEOUT_MS = 5000;
/**
 * Of pages in the memory of one connection: SQLite's own default. better-sqlite3 is built with 16 MB, into which a growing
 * file slowly grows; the operating system holds the file's pages once for all connections.
 */
const PAGE_CACHE_KIB = 2000;
/** Bytes to which the write-ahead log shrinks after a reader or a large write made it longer. */
const LARGEST_IDLE_LOG = 64 * 2 ** 20;
const DAMAGED = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB']);

/**
 * Opens the file for writing, creates it and its directories, and brings its schema up to date. `maxBytes`
 * bounds the file's size. Throws `unprocessable` database_corrupt, database_unusable and those of `migrate`.
 */
export function openForWriting(
  file: string,
  maxBytes: number | null,
): { readonly db: Database.Database; readonly applied: readonly string[] } {
  return opening(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIRECTORY });
    const before = identity(file);
    createPrivately(file);
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      // Before anything is set: the journal mode would stay in the file of another program.
      const migrations = readMigrations();
      checkSchema(db, migrations);
      // Lets deleted rows give their room back; SQLite heeds it only before the first table is created.
      db.pragma('auto_vacuum = INCREMENTAL');
      db.pragma('journal_mode = WAL');
      // From here on a restore sees that the file is in use.
      if (before !== null && identity(file) !== before) throw replaced(file);
      db.pragma(`journal_size_limit = ${LARGEST_IDLE_LOG}`);
      // better-sqlite3 is built with NORMAL for WAL, which can lose the last transactions in a power cut.
      db.pragma('synchronous = FULL');
      db.pragma('foreign_keys = ON');
      boundPageCache(db);
      if (maxBytes !== null) {
        const pageSize = db.pragma('page_size', { simple: true }) as number;
        // At least one, because SQLite takes 0 as a question for the limit, not as a limit.
        db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
      }
      const applied = migrate(db, migrations);
      assertSound(db, file);
      return { db, applied };
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens a second connection that can only read, to a file that {@link openForWriting} has opened. */
export function openForReading(file: string): Database.Database {
  return opening(file, () => {
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    boundPageCache(db);
    return db;
  });
}

function boundPageCache(db: Database.Database): void {
  // A negative size is in KiB, a positive one in pages.
  db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
}

/** The small tables only: the files in `blobs` are checked by their hashes when they are read. */
function assertSound(db: Database.Database, file: string): void {
  for (const table of ['tasks', 'prompt_versions', 'training_files', 'training_jobs']) {
    const result = db.pragma(`quick_check('${table}')`, { simple: true });
    if (result !== 'ok') throw corrupt(file, result);
  }
}

/** What opening a database says as refusals: `unprocessable` database_corrupt and database_unusable. */
export function opening<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    if (error instanceof Database.SqliteError && DAMAGED.has(error.code)) throw corrupt(file, error.message);
    const reason = error instanceof Error ? error.message : String(error);
    throw new DomainError(
      'unprocessable',
      'database_unusable',
      `Cannot open the database ${file}: ${reason}.`,
      {
        param: 'db',
        given: file,
        cause: error,
      },
    );
  }
}

/** Which file lies under this name; null: none. */
function identity(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

function replaced(file: string): Error {
  return new Error(`${file} was replaced while it was opened; start again`);
}

function corrupt(file: string, reason: unknown): DomainError {
  return new DomainError(
    'unprocessable',
    'database_corrupt',
    `${file} is damaged or not a database (${reason}). Restore a copy, or move it away to start empty.`,
    { param: 'db', expected: 'a SQLite database of this service', given: file },
  );
}
