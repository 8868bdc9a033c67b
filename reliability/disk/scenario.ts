import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataCare } from '../../src/store/care/care.ts';
import { Client } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { list, send } from '../kill/actor.ts';
import { ServiceProcess, TINY_MODEL } from '../support/service-process.ts';
import type { Disk } from './faults.ts';

const TOKEN_DIM = 64;
/** Rows of an upload: 64 kB, for which a full disk has no pages left. */
const ROWS = 250;
/** Time that writes get to succeed again. */
const RECOVERY_MS = 15_000;

export interface DiskResult {
  /** Writes that were refused while the disk failed, and those that were answered in another way. */
  readonly refused: number;
  readonly wrong: readonly string[];
  /** Answers of the model meanwhile, and those that differed from before or failed. */
  readonly inferred: number;
  readonly differing: number;
  /** Milliseconds from the end of the fault to the first write that succeeds, in the same process. */
  readonly recoveryMs: number | null;
  /** What was lost, appeared or is damaged, after a restart too. */
  readonly problems: readonly string[];
}

/** Lets a service meet a failing disk for `rounds` rounds of writes. */
export async function meetFault(model: string, disk: Disk, rounds: number): Promise<DiskResult> {
  const db = join(disk.directory, 'softprompt.db');
  const options = { model, db, env: disk.env };
  const service = await ServiceProcess.start(options);
  try {
    const { url } = service;
    const file = await fill(url);
    const before = await state(url);
    const answer = await infer(url);
    await disk.fail();
    const writing = writeInVain(url, file, disk.statuses, rounds);
    const { inferred, differing } = await inferDuring(url, answer, writing);
    const { refused, wrong } = await writing;
    const problems = compare('while the disk failed', before, await state(url));
    await disk.heal();
    const recoveryMs = await recover(url);
    problems.push(...compare('after it', { ...before, 'task after': 1 }, await state(url)));
    await service.stop('SIGKILL');
    const { damage } = await dataCare.inspect(db);
    problems.push(...damage.map(({ message }) => message));
    const again = await ServiceProcess.start(options);
    problems.push(...compare('after a restart', { ...before, 'task after': 1 }, await state(again.url)));
    await again.stop();
    return { refused, wrong, inferred, differing, recoveryMs, problems };
  } catch (cause) {
    throw new Error(`${disk.name}: the service did not go on: ${service.log}`, { cause });
  } finally {
    await service.stop('SIGKILL');
  }
}

/** What is there before: a task with two versions and a file; returns the file's id. */
async function fill(url: string): Promise<string> {
  const client = new Client(url);
  for (const seed of [1, 2]) await client.uploadTensor('mood', randomPrompt(seed, 8, TOKEN_DIM));
  return client.uploadFile('rows.jsonl', jsonLines(moodRows(16)));
}

/** All that a client can see, by name, with what tells one content from another. */
async function state(url: string): Promise<Readonly<Record<string, unknown>>> {
  const tasks = await list<{ id: string; name: string }>(url, '/v1/tasks');
  const files = await list<{ id: string }>(url, '/v1/files');
  const jobs = await list<{ id: string }>(url, '/v1/fine_tuning/jobs');
  const versions = await list<{ version: number; sha256: string; active: boolean }>(
    url,
    '/v1/tasks/mood/prompts',
  );
  const contents = await Promise.all(
    files.map(async ({ id }) => {
      const content = await (await fetch(`${url}/v1/files/${id}/content`)).text();
      return [`file ${id}`, createHash('sha256').update(content).digest('hex')];
    }),
  );
  return Object.fromEntries([
    ...tasks.map(({ name }) => [`task ${name}`, 1]),
    ...jobs.map(({ id }) => [`job ${id}`, 1]),
    ...versions.map(({ version, sha256, active }) => [`mood@${version}`, `${sha256} ${active}`]),
    ...contents,
  ]);
}

function compare(when: string, before: object, after: object): string[] {
  const entries = (given: object) => new Set(Object.entries(given).map((entry) => entry.join(': ')));
  const [old, now] = [entries(before), entries(after)];
  return [
    ...[...old].filter((item) => !now.has(item)).map((item) => `${when}, ${item} is lost`),
    ...[...now].filter((item) => !old.has(item)).map((item) => `${when}, ${item} appeared`),
  ];
}

const infer = (url: string): Promise<string> =>
  new Client(url).greedy('mood', 'the film was', 8).then((ids) => ids.join(' '));

async function inferDuring(url: string, expected: string, writing: Promise<unknown>) {
  let over = false;
  const end = () => {
    over = true;
  };
  writing.then(end, end);
  let inferred = 0;
  let differing = 0;
  while (!over) {
    const given = await infer(url).catch(String);
    inferred++;
    if (given !== expected) differing++;
  }
  return { inferred, differing };
}

/** Tries every kind of write; each must be refused as documented. */
async function writeInVain(url: string, file: string, statuses: readonly number[], rounds: number) {
  let refused = 0;
  const wrong: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { name, write } of writes(url, file, round)) {
      const { status, body } = await write().catch((cause) => {
        throw new Error(`${name} in round ${round} was not answered`, { cause });
      });
      if (statuses.includes(status)) refused++;
      else wrong.push(`${name}: ${status} ${JSON.stringify(body).slice(0, 200)}`);
    }
  }
  return { refused, wrong };
}

function writes(url: string, file: string, round: number) {
  const json = (value: unknown) => ({
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  });
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new Blob([jsonLines(moodRows(4000))]), 'more.jsonl');
  const tensor = {
    body: new Blob([new Uint8Array(randomPrompt(100 + round, ROWS, TOKEN_DIM))]),
    headers: { 'content-type': 'application/octet-stream' },
  };
  const job = { model: TINY_MODEL, training_file: file, suffix: 'vain' };
  const description = 'x'.repeat(1000);
  return [
    { name: 'prompt', write: () => send(url, 'POST', '/v1/tasks/vain/prompts', tensor) },
    { name: 'file', write: () => send(url, 'POST', '/v1/files', { body: form }) },
    { name: 'task', write: () => send(url, 'PUT', '/v1/tasks/vain', json({ description })) },
    { name: 'job', write: () => send(url, 'POST', '/v1/fine_tuning/jobs', json(job)) },
    { name: 'activate', write: () => send(url, 'POST', '/v1/tasks/mood/prompts/1/activate') },
    { name: 'delete', write: () => send(url, 'DELETE', '/v1/tasks/mood') },
  ] as const;
}

async function recover(url: string): Promise<number | null> {
  const began = performance.now();
  while (performance.now() - began < RECOVERY_MS) {
    const init = { body: '{}', headers: { 'content-type': 'application/json' } };
    const { status } = await send(url, 'PUT', '/v1/tasks/after', init);
    if (status < 300) return performance.now() - began;
    await sleep(50);
  }
  return null;
}
