import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';

/** One file NNNN-what.sql. Once released it never changes; a correction is a new migration. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
}

const DIRECTORY = new URL('../../migrations/', import.meta.url);

/** The migrations in order. Throws when their numbers are not 1, 2, 3, ... */
export function readMigrations(directory: URL = DIRECTORY): Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name, index) => {
    const number = Number(/^(\d{4})-/.exec(name)?.[1]);
    if (number !== index + 1) throw new Error(`${name}: expected migration number ${index + 1}`);
    const sql = readFileSync(new URL(name, directory), 'utf8');
    return { number, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * Reads which migrations the database has, and changes nothing. Throws `unprocessable` database_foreign,
 * database_newer, migration_altered.
 */
export function checkSchema(db: Database, migrations: readonly Migration[]): readonly AppliedMigration[] {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  if (tables.length === 0) return [];
  if (!tables.includes('schema_migrations')) {
    throw refusal(
      'database_foreign',
      'The file is a database of another program.',
      'schema_migrations',
      tables,
    );
  }
  const applied = db
    .prepare<[], AppliedMigration>('SELECT number, name, sha256 FROM schema_migrations ORDER BY number')
    .all();
  for (const [index, known] of applied.entries()) assertSame(known, migrations[index]);
  return applied;
}

/** Applies what is missing, all in one transaction, and returns its names. Throws as {@link checkSchema} does. */
export function migrate(db: Database, migrations: readonly Migration[]): string[] {
  const run = db.transaction(() => {
    const missing = migrations.slice(checkSchema(db, migrations).length);
    db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL
    ) STRICT`);
    const record = db.prepare(
      'INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)',
    );
    for (const { number, name, sql, sha256 } of missing) {
      db.exec(sql);
      record.run(number, name, sha256, Date.now());
    }
    return missing.map(({ name }) => name);
  });
  return run.immediate();
}

function assertSame(applied: AppliedMigration, known: Migration | undefined): void {
  if (known === undefined) {
    const message = `The database was written by a newer version of this program (it has ${applied.name}).`;
    throw refusal('database_newer', message, 'a known migration', applied.name);
  }
  if (known.sha256 !== applied.sha256 || known.number !== applied.number) {
    const message = `Migration ${known.name} is not the one that was applied to this database.`;
    throw refusal('migration_altered', message, known.sha256, applied.sha256);
  }
}

function refusal(code: string, message: string, expected: unknown, given: unknown): DomainError {
  return new DomainError('unprocessable', code, message, { param: 'db', expected, given });
}
