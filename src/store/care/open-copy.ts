import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Inspection } from '../../domain/data-care.ts';
import { DomainError } from '../../domain/errors.ts';
import { opening } from '../connection.ts';
import { checkSchema, readMigrations } from '../migrations.ts';
import { contentsOf } from './backup-files.ts';
import { contentBytes, inspectContents, inspectStructure } from './inspect.ts';
import type { Report } from './protocol.ts';

/**
 * Opens a database that must exist and be one of this program. Not `readonly`, with which SQLite would leave the log of
 * a database that nothing else has open; a file that may not be written is read all the same. Throws `not_found` database_missing, and
 * `unprocessable` as opening the store does.
 */
export function openExisting(file: string): Database.Database {
  if (!existsSync(file)) {
    throw new DomainError('not_found', 'database_missing', `There is no file ${file}.`, {
      param: 'file',
      given: file,
    });
  }
  return opening(file, () => {
    const db = new Database(file, { fileMustExist: true });
    try {
      if (checkSchema(db, readMigrations()).length === 0) throw empty(file);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Looks at everything in an open database; `between` is called after each content. */
export function inspectAll(
  db: Database.Database,
  file: string,
  report: Report,
  { structure = true, between = () => {} } = {},
): Inspection {
  const label = `Checking ${file}`;
  const total = contentBytes(db);
  let done = 0;
  const faults = structure ? inspectStructure(db) : [];
  const found = inspectContents({
    db,
    contents: contentsOf(file),
    onContent(bytes) {
      done += bytes;
      report({ type: 'progress', progress: { label, done: Math.min(done, total), total } });
      between();
    },
  });
  return { ...found, damage: [...faults, ...found.damage] };
}

/** Throws `unprocessable` database_damaged unless all is well. */
export function assertUndamaged({ damage }: Inspection, file: string): void {
  const [first] = damage;
  if (first === undefined) return;
  const more = damage.length > 1 ? ` (and ${damage.length - 1} more)` : '';
  throw new DomainError(
    'unprocessable',
    'database_damaged',
    `${file} is damaged: ${first.message}${more} ${first.repair}`,
    { param: 'file', expected: 'contents that match their hashes', given: damage.map(({ what }) => what) },
  );
}

function empty(file: string): DomainError {
  return new DomainError('unprocessable', 'database_foreign', `${file} is an empty database.`, {
    param: 'file',
    given: file,
  });
}
