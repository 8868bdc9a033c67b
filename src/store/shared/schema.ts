import type pg from 'pg';
import { DomainError } from '../../domain/errors.ts';
import { type Migration, readMigrations } from '../migrations.ts';

const DIRECTORY = new URL('../../../migrations/postgres/', import.meta.url);
const SCHEMA = 'softprompt';
/** Replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 7_263_481_055;

/** For every connection: the tables are found without a prefix. */
export async function useSchema(client: pg.Client): Promise<void> {
  await client.query(`SET search_path TO ${SCHEMA}`);
}

/**
 * Creates the schema, or brings it up to date; the names of what was applied. Throws `unprocessable` database_newer and
 * migration_altered.
 */
export async function migrateShared(client: pg.Client): Promise<readonly string[]> {
  const migrations = readMigrations(DIRECTORY);
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query<Pick<Migration, 'number' | 'name' | 'sha256'>>(
      'SELECT number, name, sha256 FROM schema_migrations ORDER BY number',
    );
    rows.forEach((applied, index) => {
      assertSame(applied, migrations[index]);
    });
    const missing = migrations.slice(rows.length);
    for (const { number, name, sha256, sql } of missing) {
      await client.query(sql);
      await client.query('INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)', [
        number,
        name,
        sha256,
      ]);
    }
    await client.query('COMMIT');
    return missing.map(({ name }) => `postgres/${name}`);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function assertSame(applied: Pick<Migration, 'name' | 'sha256'>, known: Migration | undefined): void {
  if (known?.sha256 === applied.sha256) return;
  const [code, message] =
    known === undefined
      ? [
          'database_newer',
          `A newer version of this program made the shared database (it has ${applied.name}).`,
        ]
      : [
          'migration_altered',
          `Migration ${known.name} is not the one that was applied to the shared database.`,
        ];
  throw new DomainError('unprocessable', code, message, {
    param: 'db',
    expected: known?.sha256 ?? 'a known migration',
    given: applied.sha256,
  });
}
