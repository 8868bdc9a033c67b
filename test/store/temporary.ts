import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import pg from 'pg';
import type { NewPromptVersion } from '../../src/domain/store.ts';
import type { TaskMetadata } from '../../src/domain/task.ts';
import type { SharedOptions } from '../../src/store/shared/store.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/store.ts';

export const EMPTY: TaskMetadata = { description: null, template: null, labels: null, defaults: null };

/** A path for a database in a directory that goes with the test. */
export function temporaryFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'softprompt-store-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'store.db');
}

/**
 * A store that is closed with the test. Where `SOFTPROMPT_TEST_POSTGRES` names a server (`npm run test:postgres`), it is a
 * replica's, with a shared database of its own.
 */
export async function temporaryStore(
  t: TestContext,
  options: Partial<StoreOptions> = {},
): Promise<{ readonly store: Store; readonly file: string }> {
  const file = options.file ?? temporaryFile(t);
  const store = await openStore({ shared: await temporaryShared(t, file), ...options, file });
  t.after(() => store.close());
  return { store, file };
}

const SERVER = process.env.SOFTPROMPT_TEST_POSTGRES;

/** Whether stores are replicas of a shared database. */
export const IS_SHARED = SERVER !== undefined;

/** By the file of the mirror. */
const databases = new Map<string, string>();

/** The shared database of this mirror, the same one again when the mirror is opened again; undefined: SQLite alone. */
async function temporaryShared(t: TestContext, file: string): Promise<SharedOptions | undefined> {
  if (SERVER === undefined) return undefined;
  const known = databases.get(file) ?? (await temporaryDatabase(t));
  databases.set(file, known);
  return { url: known, model: MODEL };
}

/** The model of replicas, whose versions {@link version} makes. */
export const MODEL = { id: 'small', hash: 'm'.repeat(64) };

/** The address of an empty database on the tests' PostgreSQL server, which goes with the test. */
export async function temporaryDatabase(t: TestContext): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  t.after(() => onServer(`DROP DATABASE ${name} WITH (FORCE)`));
  return `${SERVER}/${name}`;
}

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${SERVER}/postgres` });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** A version whose file is `content`; the store takes any bytes. */
export function version(task: string, content: string | Uint8Array): NewPromptVersion {
  const file = Buffer.from(content as string);
  return {
    task,
    sha256: createHash('sha256').update(file).digest('hex'),
    peftType: 'PROMPT_TUNING',
    numVirtualTokens: 3,
    tokenDim: 4,
    numLabels: null,
    modelHash: 'm'.repeat(64),
    config: {
      peft_type: 'PROMPT_TUNING',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: null,
      inference_mode: true,
      num_virtual_tokens: 3,
      token_dim: 4,
      num_transformer_submodules: 1,
      num_attention_heads: 2,
      num_layers: 1,
    },
    file,
  };
}

/** Runs `work` on a connection of its own, as another program would. */
export function withDatabase<T>(file: string, work: (db: Database.Database) => T): T {
  const db = new Database(file);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

export function countBlobs(file: string): number {
  return withDatabase(file, (db) => db.prepare('SELECT count(*) FROM blobs').pluck().get() as number);
}
