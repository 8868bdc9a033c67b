import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Inspection, RestoreReport } from '../../domain/data-care.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkSchema, readMigrations } from '../migrations.ts';
import { PRIVATE_DIRECTORY, PRIVATE_FILE } from '../private.ts';
import { BACKUP_FILES, contentsOf, unpackFiles } from './backup-files.ts';
import { isTaken, partOf, placeDurably, renameDurably, sync } from './durable.ts';
import { hasTable } from './inspect.ts';
import { assertUndamaged, inspectAll, openExisting } from './open-copy.ts';
import type { Report } from './protocol.ts';

/** As {@link DataCare.restore}, on the calling thread. */
export function restoreBackup(file: string, database: string, report: Report): RestoreReport {
  const part = partOf(database);
  mkdirSync(dirname(database), { recursive: true, mode: PRIVATE_DIRECTORY });
  try {
    assertFree(database);
    const { prompts, files } = copyAndCheck(file, part, report);
    const previous = replace(database, part);
    return { database, previous, prompts, files };
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${part}${end}`, { force: true });
  }
}

/** Makes a copy of the backup beside the database, which nothing has touched yet. */
function copyAndCheck(file: string, part: string, report: Report): Inspection {
  // Before the copy: most that is wrong is found here.
  openExisting(file).close();
  report({ type: 'copying', label: `Copying ${file}`, path: part, total: statSync(file).size });
  copyFileSync(file, part);
  chmodSync(part, PRIVATE_FILE);
  const db = new Database(part, { fileMustExist: true });
  try {
    if (!hasTable(db, BACKUP_FILES)) throw notBackup(file);
    const inspection = inspectAll(db, part, report);
    assertUndamaged(inspection, file);
    return inspection;
  } finally {
    db.close();
  }
}

/** The step after which the new database is the one in use; returns where the old one lies. */
function replace(database: string, part: string): string | null {
  if (!existsSync(database)) {
    unpack(part, database);
    place(part, database);
    return null;
  }
  const lock = holdAlone(database);
  try {
    const previous = `${database}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    // First: it is to have its own contents, not those that come with the backup.
    keepAside(database, previous);
    unpack(part, database);
    renameDurably(part, database);
    return previous;
  } finally {
    lock?.close();
  }
}

/** Makes the copy of a backup a database with its contents beside it. */
function unpack(part: string, database: string): void {
  const db = new Database(part, { fileMustExist: true });
  try {
    unpackFiles(db, contentsOf(database));
    // Also for a backup of a database that is older than this setting; see `openForWriting`.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.exec('VACUUM');
  } finally {
    db.close();
  }
}

/** A server may have been started meanwhile, and made a database. */
function place(part: string, database: string): void {
  try {
    placeDurably(part, database);
  } catch (error) {
    throw isTaken(error) ? inUse(database) : error;
  }
}

/** As {@link holdAlone}, before the work: changes nothing, and holds nothing after. */
function assertFree(database: string): void {
  if (!existsSync(database)) return;
  openAlone(database, (db) => {
    // With a write-ahead log, this lock is refused while any other connection is open.
    db.pragma('locking_mode = EXCLUSIVE');
    assertOurs(db);
    db.exec('BEGIN EXCLUSIVE; ROLLBACK');
  })?.close();
}

/**
 * Locks the database and empties its write-ahead log into it. Null for a damaged one, which cannot be locked.
 * Throws `conflict` database_in_use, and `unprocessable` database_foreign.
 */
function holdAlone(database: string): Database.Database | null {
  return openAlone(database, (db) => {
    assertOurs(db);
    // SQLite leaves this mode only for a connection that is alone with the file.
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
  });
}

function openAlone(database: string, lock: (db: Database.Database) => void): Database.Database | null {
  const db = new Database(database, { fileMustExist: true, timeout: 0 });
  try {
    lock(db);
    return db;
  } catch (error) {
    db.close();
    const { code } = error as { readonly code?: string };
    if (code?.startsWith('SQLITE_BUSY')) throw inUse(database);
    if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return null;
    throw error;
  }
}

/** A newer or altered schema may be replaced; that is how one goes back to an older version. */
function assertOurs(db: Database.Database): void {
  try {
    checkSchema(db, readMigrations());
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'database_foreign') throw error;
  }
}

/** Gives the old database a second name, with its contents, so that it can be served or restored again. */
function keepAside(database: string, previous: string): void {
  linkOrCopy(database, previous);
  for (const end of ['-wal', '-shm']) {
    if (existsSync(`${database}${end}`)) renameSync(`${database}${end}`, `${previous}${end}`);
  }
  const contents = contentsOf(database);
  if (existsSync(contents)) {
    mkdirSync(contentsOf(previous), { mode: PRIVATE_DIRECTORY });
    for (const name of readdirSync(contents)) {
      linkOrCopy(join(contents, name), join(contentsOf(previous), name));
    }
  }
  sync(dirname(database));
}

/** Some file systems have no links. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function inUse(database: string): DomainError {
  return new DomainError('conflict', 'database_in_use', `${database} is in use. Stop the server first.`, {
    param: 'db',
    expected: 'a database that no process holds',
    given: database,
  });
}

function notBackup(file: string): DomainError {
  return new DomainError('unprocessable', 'not_a_backup', `${file} was not made by softprompt backup.`, {
    param: 'file',
    expected: 'a file that softprompt backup wrote',
    given: file,
  });
}
