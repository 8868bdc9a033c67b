import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createWorkplace, ServiceProcess, TINY_MODEL } from '../../reliability/support/service-process.ts';
import { Client, type PromptBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';
import { IS_SHARED, temporaryDatabase } from './temporary.ts';

const skip = IS_SHARED ? false : 'needs PostgreSQL: npm run test:postgres';

const CLOCK = new URL('../../reliability/support/shifted-clock.mjs', import.meta.url);
const HOURS = 3_600_000;
const TOKEN_DIM = 64;

interface Replicas {
  readonly url: string;
  readonly one: ServiceProcess;
  /** Its clock is wrong. */
  readonly other: ServiceProcess;
  setClock(hours: number): void;
  /** Starts the first one again. */
  again(): Promise<ServiceProcess>;
}

async function startReplicas(t: TestContext): Promise<Replicas> {
  const url = await temporaryDatabase(t);
  const { model, directory, remove } = await createWorkplace();
  t.after(remove);
  const file = join(directory, 'shift');
  const setClock = (hours: number) => writeFileSync(file, `${hours * HOURS}`);
  setClock(7);
  const start = async (name: string, env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> => {
    const flags = { mirror: join(directory, `${name}.db`), home: join(directory, name) };
    const service = await ServiceProcess.start({ model, db: url, flags, env });
    t.after(() => service.stop());
    return service;
  };
  const one = await start('one');
  const other = await start('other', { NODE_OPTIONS: `--import ${CLOCK.href}`, CLOCK_SHIFT: file });
  return { url, one, other, setClock, again: () => start('one') };
}

/** Waits until it holds. */
async function soon(holds: () => Promise<boolean>, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within ${seconds} s: ${holds}`);
    await sleep(20);
  }
}

/** The replica that trains; undefined: none does. */
async function holderOf(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT replica FROM softprompt.job_leases WHERE lane = 'train'");
  await client.end();
  return rows[0]?.replica;
}

async function startJob(client: Client): Promise<string> {
  const file = await client.uploadFile('rows.jsonl', jsonLines(moodRows(16)));
  const hyperparameters = { max_steps: 20_000, save_steps: 2, batch_size: 4 };
  const { id } = await client.ok<{ id: string }>('POST', '/v1/fine_tuning/jobs', {
    model: TINY_MODEL,
    training_file: file,
    suffix: 'learned',
    seed: 1,
    method: {
      type: 'prompt_tuning',
      prompt_tuning: { config: { num_virtual_tokens: 4 }, hyperparameters },
    },
  });
  return id;
}

test('a replica whose clock jumps by hours takes no job from another, and its writes keep their order', {
  skip,
}, async (t) => {
  const { url, one, other, setClock, again } = await startReplicas(t);
  const clients = [new Client(one.url), new Client(other.url)] as const;
  const holder = () => holderOf(url);
  const job = await startJob(clients[0]);
  await soon(async () => (await holder()) !== undefined);
  const first = await holder();

  let uploads = 0;
  for (const hours of [7, -7, 0, 7]) {
    setClock(hours);
    await sleep(100);
    const { created_at } = await clients[1].ok<{ created_at: number }>(
      'PUT',
      `/v1/tasks/clock-${uploads}`,
      {},
    );
    const off = created_at - Date.now() / 1000 - hours * 3600;
    assert.ok(Math.abs(off) < 60, 'the clock is as wrong as it was set');
    for (const [i, client] of clients.entries()) {
      const answer = await client.uploadTensor('mood', randomPrompt(++uploads, 3, TOKEN_DIM));
      assert.equal(
        succeeded(answer, 'upload').version,
        uploads,
        'nothing is lost, and nothing comes between',
      );
      const reader = clients[1 - i]!;
      const serves = async () =>
        (await reader.request<{ active_version?: number }>('GET', '/v1/tasks/mood')).body.active_version ===
        uploads;
      await soon(serves);
    }
    const body = new Blob([new Uint8Array(randomPrompt(100 + uploads, 3, TOKEN_DIM))]);
    const headers = { 'content-type': 'application/octet-stream', 'idempotency-key': `key-${uploads}` };
    const made = [];
    for (const { url: server } of clients) {
      const path = '/v1/tasks/keyed/prompts?activate=false';
      const response = await fetch(`${server}${path}`, { method: 'POST', body, headers });
      made.push({ status: response.status, body: (await response.json()) as PromptBody });
    }
    assert.equal(made[0]!.status, 201);
    assert.deepEqual(made[1], made[0], 'what one made with a key the other does not make again');
    assert.equal(await holder(), first, 'the job stays where it is');
  }

  setClock(-7);
  await one.stop('SIGKILL');
  // By PostgreSQL's clock, 15 s after the last sign of life.
  await soon(async () => ![undefined, first].includes((await holder()) as string), 40);
  const second = await holder();
  const returned = new Client((await again()).url);
  await sleep(3000);
  assert.equal(await holder(), second, 'nor is it taken from the one with the wrong clock');
  await returned.ok('POST', `/v1/fine_tuning/jobs/${job}/cancel`);
});

test('of two replicas that change what serves at once one wins, and the other gets 412', {
  skip,
}, async (t) => {
  const { one, other } = await startReplicas(t);
  const clients = [new Client(one.url), new Client(other.url)] as const;
  const sha256 = [];
  for (const seed of [1, 2, 3]) {
    const answer = await clients[0].uploadTensor('mood', randomPrompt(seed, 3, TOKEN_DIM), '?activate=false');
    sha256.push(succeeded(answer, 'upload').sha256);
  }
  await clients[0].ok('POST', '/v1/tasks/mood/prompts/1/activate');
  await soon(async () => (await clients[1].request('GET', '/v1/tasks/mood/prompts/3')).status === 200);
  let active: number = 0;
  for (let round = 0; round < 10; round++) {
    const ifMatch: Record<string, string> = { 'if-match': `"${sha256[active]}"` };
    const targets = [0, 1, 2].filter((version) => version !== active);
    const answers = await Promise.all(
      targets.map((target, i) =>
        clients[i]!.request('POST', `/v1/tasks/mood/prompts/${target + 1}/activate`, undefined, ifMatch),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
    active = targets[answers.findIndex(({ status }) => status === 200)]!;
  }
});
