import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Damage, Inspection } from '../../domain/data-care.ts';
import { BACKUP_FILES } from './backup-files.ts';

/** Messages of SQLite about the structure that are reported; one fault causes many. */
const MOST_MESSAGES = 20;

const RESTORE = 'Restore a backup.';
const UPLOAD_FILE = 'Upload the same file again, or delete it.';

export interface InspectParts {
  readonly db: Database.Database;
  /** Directory of the training files' contents; those inside a backup are looked for first. */
  readonly contents: string;
  /** Called after each content with its size. */
  readonly onContent: (bytes: number) => void;
}

/** Bytes that {@link inspectContents} will read. */
export function contentBytes(db: Database.Database): number {
  const prompts = 'SELECT coalesce(sum(length(content)), 0) FROM blobs';
  const files = 'SELECT coalesce(sum(bytes), 0) FROM (SELECT bytes FROM training_files GROUP BY sha256)';
  const bytes = (sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? 0;
  return bytes(prompts) + (hasTable(db, 'training_files') ? bytes(files) : 0);
}

/** Checks pages, indexes, constraints and references: reads the whole file. */
export function inspectStructure(db: Database.Database): Damage[] {
  const structure = (message: string): Damage => ({
    kind: 'structure',
    what: 'database',
    message,
    repair: RESTORE,
  });
  try {
    const messages = db.pragma(`integrity_check(${MOST_MESSAGES})`) as { readonly integrity_check: string }[];
    const faults = messages.map((row) => row.integrity_check).filter((message) => message !== 'ok');
    const broken = db.pragma('foreign_key_check') as { readonly table: string; readonly parent: string }[];
    return [
      ...faults.map(structure),
      ...broken.slice(0, MOST_MESSAGES).map(({ table, parent }) => ({
        kind: 'reference' as const,
        what: table,
        message: `A row of ${table} refers to a row of ${parent} that does not exist.`,
        repair: RESTORE,
      })),
    ];
  } catch (error) {
    // A page that cannot be read at all is thrown, not listed.
    if (error instanceof Database.SqliteError) return [structure(error.message)];
    throw error;
  }
}

/** Compares each content with its hash, one at a time, those of active versions first. */
export function inspectContents(parts: InspectParts): Inspection {
  const prompts = inspectPrompts(parts);
  const files = hasTable(parts.db, 'training_files') ? inspectFiles(parts) : { count: 0, damage: [] };
  return { prompts: prompts.count, files: files.count, damage: [...prompts.damage, ...files.damage] };
}

interface Found {
  readonly count: number;
  readonly damage: readonly Damage[];
}

function inspectPrompts({ db, onContent }: InspectParts): Found {
  const hashes = db
    .prepare<[], string>(`
      SELECT sha256 FROM prompt_versions LEFT JOIN tasks ON name = task AND active_version = version
      GROUP BY sha256 ORDER BY max(active_version IS NOT NULL) DESC`)
    .pluck()
    .all();
  const content = db.prepare<[string], Buffer>('SELECT content FROM blobs WHERE sha256 = ?').pluck();
  const users = db.prepare<[string], { task: string; version: number; active: number }>(`
    SELECT task, version, coalesce(active_version = version, 0) AS active
    FROM prompt_versions JOIN tasks ON name = task WHERE sha256 = ? ORDER BY task, version`);
  const damage = hashes.flatMap((sha256) => {
    const fault = faultOf(sha256, () => content.get(sha256), onContent);
    if (fault === null) return [];
    return users.all(sha256).map(({ task, version, active }) => ({
      kind: 'prompt' as const,
      what: `${task}@${version}`,
      message: `The file ${sha256} of ${active === 1 ? 'the active ' : ''}version ${version} of ${task} ${fault}.`,
      repair: 'Upload the same file to the task again, or delete the version.',
    }));
  });
  return { count: hashes.length, damage };
}

function inspectFiles({ db, contents, onContent }: InspectParts): Found {
  const files = db
    .prepare<[], { sha256: string; id: string }>(
      'SELECT sha256, min(id) AS id FROM training_files GROUP BY sha256',
    )
    .all();
  const kept = hasTable(db, BACKUP_FILES)
    ? db.prepare<[string], Buffer>(`SELECT content FROM ${BACKUP_FILES} WHERE sha256 = ?`).pluck()
    : null;
  const read = (sha256: string) => (kept === null ? readFileSync(join(contents, sha256)) : kept.get(sha256));
  const present = db.prepare('SELECT 1 FROM training_files WHERE sha256 = ?');
  const damage = files.flatMap(({ sha256, id }) => {
    const fault = faultOf(sha256, () => read(sha256), onContent);
    // A file that was deleted while this looked at the others is no damage.
    if (fault === null || present.get(sha256) === undefined) return [];
    return [
      { kind: 'file' as const, what: id, message: `The content of ${id} ${fault}.`, repair: UPLOAD_FILE },
    ];
  });
  return { count: files.length, damage };
}

/** What is wrong with a content, as the end of a sentence; null: nothing. */
function faultOf(
  sha256: string,
  read: () => Uint8Array | undefined,
  onContent: (bytes: number) => void,
): string | null {
  try {
    const bytes = read();
    if (bytes === undefined) return 'is missing';
    onContent(bytes.length);
    const given = createHash('sha256').update(bytes).digest('hex');
    return given === sha256 ? null : `is damaged: it hashes to ${given}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'is missing' : `cannot be read: ${message}`;
  }
}

export function hasTable(db: Database.Database, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}
