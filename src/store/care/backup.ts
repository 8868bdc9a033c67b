import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { BackupReport, Inspection } from '../../domain/data-care.ts';
import { DomainError } from '../../domain/errors.ts';
import { createPrivately, PRIVATE_DIRECTORY } from '../private.ts';
import { translating } from '../sqlite-errors.ts';
import { contentsOf, packFiles } from './backup-files.ts';
import { isTaken, partOf, placeDurably } from './durable.ts';
import { assertUndamaged, inspectAll, openExisting } from './open-copy.ts';
import type { Report } from './protocol.ts';

/** As {@link DataCare.backup}, on the calling thread. */
export function makeBackup(database: string, file: string, report: Report): BackupReport {
  // Before the work; whether the name is free is decided when the file gets it.
  if (existsSync(file)) throw exists(file);
  const source = openExisting(database);
  const part = partOf(file);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIRECTORY });
    createPrivately(part);
    copy(source, database, part, report);
    const { prompts, files } = fillAndCheck(source, database, part, report);
    place(part, file);
    return { file, bytes: statSync(file).size, prompts, files };
  } finally {
    source.close();
    rmSync(part, { force: true });
  }
}

function place(part: string, file: string): void {
  try {
    placeDurably(part, file);
  } catch (error) {
    throw isTaken(error) ? exists(file) : error;
  }
}

function exists(file: string): DomainError {
  return new DomainError('conflict', 'file_exists', `${file} exists already.`, {
    param: 'out',
    expected: 'the path of a new file',
    given: file,
  });
}

/** One snapshot, whatever is written meanwhile, and without the pages that deleted rows have left. */
function copy(source: Database.Database, database: string, part: string, report: Report): void {
  const pages = source.pragma('page_count', { simple: true }) as number;
  const free = source.pragma('freelist_count', { simple: true }) as number;
  const pageSize = source.pragma('page_size', { simple: true }) as number;
  report({ type: 'copying', label: `Copying ${database}`, path: part, total: (pages - free) * pageSize });
  translating(() => source.prepare('VACUUM INTO ?').run(part));
}

function fillAndCheck(source: Database.Database, database: string, part: string, report: Report): Inspection {
  const db = new Database(part, { fileMustExist: true });
  try {
    const present = source.prepare('SELECT 1 FROM training_files WHERE sha256 = ?');
    translating(() => packFiles(db, contentsOf(database), (sha256) => present.get(sha256) !== undefined));
    const inspection = inspectAll(db, part, report);
    assertUndamaged(inspection, database);
    return inspection;
  } finally {
    db.close();
  }
}
