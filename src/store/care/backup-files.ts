import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { PRIVATE_DIRECTORY } from '../private.ts';
import { writeDurably } from './durable.ts';

/** Table of a backup that holds the contents which lie beside the database while it is in use. */
export const BACKUP_FILES = 'backup_files';

/** Path of the directory that lies beside a database. */
export const contentsOf = (database: string): string => `${database}-files`;

/**
 * Takes the contents into the copy. A file that was deleted after the copy was made is left out of it.
 * Throws when a content cannot be read.
 * @param stillThere whether the database itself has the file now
 */
export function packFiles(copy: Database, contents: string, stillThere: (sha256: string) => boolean): void {
  copy.exec(`CREATE TABLE ${BACKUP_FILES} (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT`);
  const insert = copy.prepare<[string, Uint8Array]>(`INSERT INTO ${BACKUP_FILES} VALUES (?, ?)`);
  const forget = copy.prepare<[string]>('DELETE FROM training_files WHERE sha256 = ?');
  const hashes = copy.prepare<[], string>('SELECT DISTINCT sha256 FROM training_files').pluck().all();
  for (const sha256 of hashes) {
    let content: Uint8Array;
    try {
      content = readFileSync(join(contents, sha256));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (!stillThere(sha256)) forget.run(sha256);
      continue; // one that should be there is found by the check of the copy
    }
    insert.run(sha256, content);
  }
}

/** Writes the contents of a backup into the directory, and takes them out of the database. */
export function unpackFiles(copy: Database, contents: string): void {
  mkdirSync(contents, { recursive: true, mode: PRIVATE_DIRECTORY });
  const files = copy.prepare<[], { sha256: string; content: Buffer }>(
    `SELECT sha256, content FROM ${BACKUP_FILES}`,
  );
  for (const { sha256, content } of files.iterate()) writeDurably(join(contents, sha256), content);
  copy.exec(`DROP TABLE ${BACKUP_FILES}`);
}
