/**
 * `npm run sizing:measure`: what tasks take on disk, and what one PostgreSQL server takes from replicas, on this machine
 * (Debian: `apt-get install postgresql`). Prints the figures that bench/sizing/measured.ts holds.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { readOptions } from '../../reliability/support/options.ts';
import { PostgresServer } from '../../reliability/support/postgres-server.ts';
import { progress } from '../../reliability/support/proof.ts';
import type { NewPromptVersion } from '../../src/domain/store.ts';
import { Mirror } from '../../src/store/shared/mirror.ts';
import { pull, readHead } from '../../src/store/shared/pull.ts';
import { useSchema } from '../../src/store/shared/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { randomPrompt } from '../../test/support/prompts.ts';

/** SmolLM2-135M's width. */
const TOKEN_DIM = 576;
const VIRTUAL_TOKENS = 20;
const MODEL = { id: 'smollm2-135m-instruct', hash: '0'.repeat(64) };

const { prompts, uploads, seconds } = readOptions({ prompts: 2000, uploads: 600, seconds: 10 });

/** A task's first version, as an upload of PEFT's two files makes it. */
function upload(seed: number): NewPromptVersion {
  const file = randomPrompt(seed, VIRTUAL_TOKENS, TOKEN_DIM);
  return {
    task: `task-${seed}`,
    sha256: createHash('sha256').update(file).digest('hex'),
    peftType: 'PROMPT_TUNING',
    numVirtualTokens: VIRTUAL_TOKENS,
    tokenDim: TOKEN_DIM,
    numLabels: null,
    modelHash: MODEL.hash,
    config: {
      peft_type: 'PROMPT_TUNING',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: MODEL.id,
      inference_mode: true,
      num_virtual_tokens: VIRTUAL_TOKENS,
      token_dim: TOKEN_DIM,
      num_transformer_submodules: 1,
      num_attention_heads: 9,
      num_layers: 30,
    },
    file,
  };
}

interface Filled {
  /** Of all uploads. */
  readonly seconds: number;
  /** Of each, in rising order. */
  readonly each: readonly number[];
}

/** Uploads and activates prompts, `atOnce` at a time, to each store in turn. */
async function fill(stores: readonly Store[], first: number, count: number, atOnce: number): Promise<Filled> {
  const each: number[] = [];
  const made = Array.from({ length: count }, (_, i) => upload(first + i));
  const tell = progress(`uploads to ${stores.length}`, count);
  const began = performance.now();
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    for (let i = next++; i < made.length; i = next++) {
      const asked = performance.now();
      await stores[i % stores.length]!.addVersion(made[i]!, { activate: true });
      each.push((performance.now() - asked) / 1000);
      tell(++done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { seconds: (performance.now() - began) / 1000, each: each.sort((a, b) => a - b) };
}

/** Processor time of the server's connections so far, in seconds. */
async function serverSeconds(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  );
  const ticks = await Promise.all(
    rows.map(async ({ pid }) => {
      // proc(5): what stands behind the name; utime and stime are the 14th and 15th field, in hundredths of a second.
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
      return Number(fields[11]) + Number(fields[12]);
    }),
  );
  return ticks.reduce((sum, count) => sum + count, 0) / 100;
}

/** What the server works for one `work`, in milliseconds of a processor. */
async function cost(
  watch: pg.Client,
  url: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await useSchema(client);
  await work(client);
  const before = await serverSeconds(watch);
  const end = performance.now() + seconds * 1000;
  let count = 0;
  for (; performance.now() < end; count++) await work(client);
  const worked = (await serverSeconds(watch)) - before;
  await client.end();
  return (1000 * worked) / count;
}

async function bytesOfSqlite(file: string): Promise<number> {
  const sizes = await Promise.all(
    [file, `${file}-wal`].map(async (name) => (await stat(name).catch(() => null))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const lines: string[] = [];
const say = (what: string, value: number, unit: string): void => {
  lines.push(`${what}: ${value.toFixed(value < 10 ? 3 : 0)} ${unit}`);
};

const directory = await mkdtemp(join(tmpdir(), 'softprompt-sizing-'));
const server = await PostgresServer.start();
try {
  const file = join(directory, 'own.db');
  const own = await openStore({ file });
  const alone = await fill([own], 0, prompts, 1);
  await own.close();
  say('SQLite, uploads one after the other', prompts / alone.seconds, '/s');
  say('SQLite, a task with one version', (await bytesOfSqlite(file)) / prompts, 'bytes');
  say('of these the prompt file', upload(0).file.byteLength, 'bytes');

  const url = `${server.url}/postgres`;
  const watch = new pg.Client({ connectionString: url });
  await watch.connect();
  const shared = { url, model: MODEL };
  const open = (name: string) => openStore({ file: join(directory, `${name}.db`), shared });
  const first = await open('mirror-0');
  await first.addVersion(upload(prompts + uploads), { activate: true });
  const before = await serverSeconds(watch);
  const one = await fill([first], 0, prompts, 1);
  say('PostgreSQL, uploads one after the other through one replica', prompts / one.seconds, '/s');
  say('the fastest tenth of them takes at most', 1000 * one.each[Math.floor(prompts / 10)]!, 'ms');
  say(
    'PostgreSQL, an upload',
    (1000 * ((await serverSeconds(watch)) - before)) / prompts,
    'ms of a processor',
  );
  await useSchema(watch);
  const { rows } = await watch.query<{ bytes: string }>(
    `SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'softprompt' AND c.relkind = 'r'`,
  );
  say('PostgreSQL, a task with one version', Number(rows[0]!.bytes) / prompts, 'bytes');
  const began = performance.now();
  const second = await open('mirror-1');
  const copied = (performance.now() - began) / 1000;
  say('a new mirror copies', (prompts * upload(0).file.byteLength) / copied / 1e6, 'MB/s of prompt files');
  const third = await open('mirror-2');
  const three = await fill([first, second, third], prompts, uploads, 3);
  say('PostgreSQL, uploads through three replicas at once', uploads / three.seconds, '/s');
  await Promise.all([first, second, third].map((store) => store.close()));

  const look = async (client: pg.Client): Promise<void> => void (await readHead(client));
  say('PostgreSQL, a look', await cost(watch, url, look), 'ms of a processor');
  const mirror = new Mirror(join(directory, 'columns.db'));
  const { id, seq } = await readHead(watch);
  // What the server does for a replica that is behind by one upload; the rows that come are dropped.
  const behind = {
    state: { source: id, seq: seq - 1 },
    columns: (table: Parameters<Mirror['columns']>[0]) => mirror.columns(table),
    take: (_: unknown, work: Parameters<Mirror['take']>[1]) =>
      work({ clear: () => undefined, apply: () => undefined }),
  } as unknown as Mirror;
  const follow = async (client: pg.Client): Promise<void> => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await pull(client, behind, await readHead(client));
    await client.query('COMMIT');
  };
  say('PostgreSQL, a replica that takes an upload', await cost(watch, url, follow), 'ms of a processor');
  mirror.close();
  await watch.end();
} finally {
  await server.remove();
  await rm(directory, { recursive: true, force: true });
}
const load = loadavg()
  .map((value) => value.toFixed(1))
  .join(', ');
process.stdout.write(`${lines.join('\n')}\nload of the machine over 1, 5 and 15 minutes: ${load}\n`);
