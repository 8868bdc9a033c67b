import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../../src/domain/errors.ts';
import { SERVICE } from '../../src/domain/principal.ts';
import type { TrainingStore } from '../../src/domain/training-store.ts';
import { openStore } from '../../src/store/store.ts';
import { hasEnded, type Jobs, startJobs, temporaryHome, temporaryJobs } from './jobs-harness.ts';

const LONG = { max_steps: 600, save_steps: 20, eval_steps: 100 } as const;

/** The hash of the prompt that the job learned and published. */
async function learned(jobs: Jobs, id: string): Promise<string> {
  const { status, result } = await jobs.until(id, hasEnded);
  assert.equal(status, 'succeeded', jobs.messages(id).join(' | '));
  return result!.sha256;
}

async function uninterrupted(jobs: Jobs, file: string): Promise<string> {
  return learned(jobs, (await jobs.create(file, LONG, { task: 'straight' })).id);
}

async function gone(jobs: Jobs, id: string): Promise<void> {
  for (const end = Date.now() + 5000; jobs.training.pid(id) !== undefined; await sleep(5)) {
    assert.ok(Date.now() < end, 'the process still runs');
  }
}

test('paused, killed and left by a server, a job ends with the same prompt, published once', async (t) => {
  const home = await temporaryHome(t);
  let jobs = await startJobs(home);
  t.after(() => jobs.close());
  const file = await jobs.upload();
  const { id } = await jobs.create(file, LONG);
  await jobs.until(id, (_, step) => step >= 60);
  await jobs.training.pause(id);
  await gone(jobs, id);
  const paused = jobs.store.training.latestCheckpoint(id)!.step;
  assert.ok(paused < 600, 'paused before the end');
  await jobs.training.resume(id);
  await jobs.until(id, (_, step) => step > paused);
  process.kill(jobs.training.pid(id)!, 'SIGKILL');
  const killed = jobs.store.training.latestCheckpoint(id)!.step;
  await jobs.until(id, (_, step) => step > killed);
  await jobs.close();
  jobs = await startJobs(home);
  assert.equal(await learned(jobs, id), await uninterrupted(jobs, file));
  assert.equal(jobs.store.getVersion('mood', 2), null);
  assert.equal(jobs.messages(id).filter((text) => text.startsWith('mood@1 is published')).length, 1);
  const steps = jobs.store.training
    .eventsAfter(id, 0, 10_000)
    .flatMap(({ message }) => /^Step (\d+)\/600: training/.exec(message)?.[1] ?? []);
  assert.deepEqual(
    steps.map(Number),
    Array.from({ length: 600 }, (_, i) => i + 1),
    'every step is reported once',
  );
});

test('a server that is killed leaves a job that goes on where it was', async (t) => {
  const home = await temporaryHome(t);
  const first = await startJobs(home);
  const file = await first.upload();
  const { id } = await first.create(file, LONG);
  await first.close();
  const server = fork(fileURLToPath(new URL('run-jobs.ts', import.meta.url)), [home]);
  await once(server, 'message');
  const jobs = await startJobs(home);
  t.after(() => jobs.close());
  await jobs.until(id, (_, step) => step >= 100);
  server.kill('SIGKILL');
  await once(server, 'exit');
  assert.equal(await learned(jobs, id), await uninterrupted(jobs, file));
  assert.ok(jobs.messages(id).includes('The job goes on.'));
});

test('of two servers on one store one trains, the other steers and follows, and takes over', async (t) => {
  const home = await temporaryHome(t);
  const one = await startJobs(home);
  const file = await one.upload();
  await one.until((await one.create(file, { max_steps: 1 }, { task: 'first' })).id, hasEnded);
  const two = await startJobs(home);
  t.after(() => two.close());
  const { id } = await two.create(file, LONG);
  await two.until(id, ({ status }, step) => status === 'running' && step >= 40);
  assert.deepEqual([one.training.pid(id) !== undefined, two.training.pid(id)], [true, undefined]);
  await two.training.pause(id);
  await gone(one, id);
  assert.ok(two.store.training.latestCheckpoint(id)!.step < 600, 'the pause was seen');
  await two.training.resume(id);
  const seen = two.training.follow(id, new AbortController().signal);
  await two.until(id, ({ status }) => status === 'running');
  await one.close();
  let last = '';
  for await (const { message } of seen) last = message;
  assert.equal(last, 'The job has successfully completed.');
  assert.equal(await learned(two, id), await uninterrupted(two, file));
});

test('a second server on the store leaves what the first receives alone', async (t) => {
  const home = await temporaryHome(t);
  const one = await startJobs(home);
  t.after(() => one.close());
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"text":"a","label":"x"}\n');
    await (await startJobs(home)).close();
    yield Buffer.from('{"text":"b","label":"y"}\n');
  }
  const { id } = await one.training.addFile('rows.jsonl', '', slow(), SERVICE);
  assert.equal(one.store.training.getFile(id)?.rows, 2);
});

test('a job can be cancelled from its first step on, and publishes nothing', async (t) => {
  const jobs = await temporaryJobs(t);
  const { id } = await jobs.create(await jobs.upload(), { max_steps: 100_000 });
  await jobs.until(id, (_, step) => step > 0 || jobs.messages(id).includes('The job started.'));
  await sleep(1500);
  await jobs.training.cancel(id, SERVICE);
  await gone(jobs, id);
  assert.deepEqual([jobs.job(id).status, jobs.store.getTask('mood')], ['cancelled', null]);
  for (const act of ['cancel', 'pause', 'resume'] as const) {
    await assert.rejects(jobs.training[act](id, SERVICE), { code: 'job_state' });
  }
});

test('a full database pauses the job; with room again it goes on to the same prompt', async (t) => {
  const home = await temporaryHome(t);
  const empty = await startJobs(home);
  const file = await empty.upload();
  const config = { num_virtual_tokens: 128 };
  const { id } = await empty.create(file, { ...LONG, max_steps: 60 }, { config });
  await empty.until(id, ({ status }) => status !== 'validating_files');
  await empty.training.pause(id);
  await empty.close();
  const small = await startJobs(home, { maxBytes: 366 * 1024 });
  await small.training.resume(id);
  const { error } = await small.until(id, ({ status }) => status === 'paused');
  assert.equal(error?.code, 'storage_full');
  assert.ok(small.store.training.latestCheckpoint(id)!.step >= 20);
  assert.match(small.messages(id).at(-1)!, /Make room, then resume/);
  await small.close();
  const jobs = await startJobs(home);
  t.after(() => jobs.close());
  await jobs.training.resume(id);
  const straight = await jobs.create(file, { ...LONG, max_steps: 60 }, { config, task: 'straight' });
  assert.equal(await learned(jobs, id), await learned(jobs, straight.id));
});

test('a write queue that is full for a moment costs no job', async (t) => {
  let refusals = 2;
  const busy = (store: TrainingStore): TrainingStore => ({
    ...store,
    async saveCheckpoint(...args) {
      if (refusals-- > 0) throw new DomainError('contended', 'write_queue_full', 'Too many writes.');
      return store.saveCheckpoint(...args);
    },
  });
  const jobs = await temporaryJobs(t, { store: busy });
  await learned(jobs, (await jobs.create(await jobs.upload(), { max_steps: 5 })).id);
  assert.ok(refusals < 0);
});

test('a job goes on when the prompt that it began with was deleted', async (t) => {
  const jobs = await temporaryJobs(t);
  const file = await jobs.upload();
  await learned(jobs, (await jobs.create(file, { max_steps: 2 }, { task: 'origin' })).id);
  const { id } = await jobs.create(file, { ...LONG, init_from: 'origin' });
  await jobs.until(id, (_, step) => step >= 20);
  await jobs.training.pause(id);
  await gone(jobs, id);
  await jobs.store.deleteTask('origin');
  await jobs.training.resume(id);
  await learned(jobs, id);
});

test('a task that is changed meanwhile does not get the prompt unasked; one that is gone comes back', async (t) => {
  const jobs = await temporaryJobs(t);
  const file = await jobs.upload();
  const begun = async () => {
    const { id } = await jobs.create(file, LONG);
    await jobs.until(id, (_, step) => step >= 20);
    return id;
  };
  const changed = await begun();
  await jobs.store.putTask('mood', { description: null, template: '{text}!', labels: null, defaults: null });
  await learned(jobs, changed);
  assert.equal(jobs.job(changed).result!.active, false);
  assert.match(jobs.messages(changed).at(-2)!, /does not serve: the template or the labels of the task/);
  assert.equal(jobs.store.getTask('mood')!.template, '{text}!');
  const deleted = await begun();
  await jobs.store.deleteTask('mood');
  await learned(jobs, deleted);
  assert.equal(jobs.job(deleted).result!.active, true);
  assert.deepEqual(jobs.store.getTask('mood')!.labels, ['good', 'bad']);
});

test('a job whose server ended while it published can be cancelled when it goes on', async (t) => {
  const home = await temporaryHome(t);
  const before = await startJobs(home);
  const { id } = await before.create(await before.upload(), { max_steps: 100_000 });
  await before.until(id, ({ status }) => status === 'running');
  await before.close();
  // What a server leaves that is killed between the end of a run and its publication.
  const store = await openStore({ file: join(home, 'jobs.db') });
  await store.training.changeJob(id, { from: ['running'] }, { publishing: true });
  await store.close();
  const jobs = await startJobs(home);
  t.after(() => jobs.close());
  await jobs.until(id, ({ publishing }) => !publishing);
  assert.equal((await jobs.training.cancel(id, SERVICE)).status, 'cancelled');
});

test('a file that is gone from the disk fails its job and no other', async (t) => {
  const jobs = await temporaryJobs(t);
  const lost = await jobs.upload();
  const { sha256 } = jobs.store.training.getFile(lost)!;
  const kept = await jobs.upload([
    { text: 'a', label: 'x' },
    { text: 'b', label: 'y' },
  ]);
  await rm(await jobs.store.training.contentPath(sha256));
  const failing = await jobs.create(lost, { max_steps: 1 });
  const good = await jobs.create(kept, { max_steps: 1 }, { task: 'other' });
  await learned(jobs, good.id);
  const { status, error } = await jobs.until(failing.id, hasEnded);
  assert.deepEqual([status, error?.code], ['failed', 'file_content_missing']);
});
