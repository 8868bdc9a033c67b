import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE } from '../../../src/domain/principal.ts';
import type { Device } from '../../../src/engine/devices/device.ts';
import { startProcess } from '../../../src/threads/start-process.ts';
import { hasEnded, type Jobs, startJobs, temporaryHome, temporaryJobs } from '../jobs-harness.ts';

const CUDA: Device = { kind: 'cuda', index: 0 };
const SETTINGS = { max_steps: 40, save_steps: 5, eval_steps: 10 } as const;
const FULL = "cuda:0 failed: the graphics card's memory is full";

/** Jobs that learn on a device that fails as failing-child.ts says. */
const failing = (...how: string[]) => ({
  device: async () => CUDA,
  startProcess: () => startProcess('./failing-child', import.meta.url, { args: how }),
});

async function learned(jobs: Jobs, id: string): Promise<string> {
  const { status, result } = await jobs.until(id, hasEnded);
  assert.equal(status, 'succeeded', jobs.messages(id).join(' | '));
  return result!.sha256;
}

const told = (jobs: Jobs, id: string): readonly string[] =>
  jobs.messages(id).filter((text) => /^Learning|goes on/.test(text));

test('a job whose device fails goes on on the processor from its checkpoint, to the same prompt', async (t) => {
  const home = await temporaryHome(t);
  const first = await startJobs(home, failing('run', '30'));
  const file = await first.upload();
  const { id } = await first.create(file, SETTINGS);
  const prompt = await learned(first, id);
  const [learning, goesOn, ...more] = told(first, id);
  await first.close();
  assert.equal(learning, 'Learning on cuda:0.');
  assert.match(
    goesOn!,
    new RegExp(`^The job goes on on the processor from step (5|10|15|20|25): ${FULL}\\.$`),
  );
  assert.deepEqual(more, []);
  const jobs = await startJobs(home);
  t.after(() => jobs.close());
  const straight = await jobs.create(file, SETTINGS, { task: 'straight' });
  assert.equal(await learned(jobs, straight.id), prompt);
  assert.deepEqual(told(jobs, straight.id), ['Learning on cpu.']);
});

test('so does a job whose device cannot hold the weights', async (t) => {
  const jobs = await temporaryJobs(t, failing('open', '1'));
  const { id } = await jobs.create(await jobs.upload(), { max_steps: 3 });
  await learned(jobs, id);
  assert.deepEqual(told(jobs, id), [
    'Learning on cuda:0.',
    `The job goes on on the processor from step 0: ${FULL}.`,
  ]);
});

test('and one whose device fails at the comparison with what serves; it is published once', async (t) => {
  const jobs = await temporaryJobs(t, failing('open', '3'));
  const file = await jobs.upload();
  await learned(jobs, (await jobs.create(file, { max_steps: 3 })).id);
  const { id } = await jobs.create(file, { max_steps: 4 });
  await learned(jobs, id);
  assert.equal(told(jobs, id).at(-1), `The job goes on on the processor from step 4: ${FULL}.`);
  const published = jobs.messages(id).filter((text) => text.startsWith('mood@2 is published'));
  assert.equal(published.length, 1);
  assert.equal(jobs.store.getVersion('mood', 3), null);
});

test('a device that ends the process again and again is left for the processor', async (t) => {
  const jobs = await temporaryJobs(t, failing('crash'));
  const { id } = await jobs.create(await jobs.upload(), { max_steps: 3 });
  await learned(jobs, id);
  assert.deepEqual(told(jobs, id), [
    'Learning on cuda:0.',
    'The training process ended unexpectedly (SIGKILL); it goes on from step 0.',
    'The training process ended unexpectedly (SIGKILL); it goes on from step 0.',
    'The job goes on on the processor from step 0: on cuda:0 the training process ended 3 times without progress (SIGKILL).',
  ]);
});

test('a process that does not end by itself after its device failed is not waited for', async (t) => {
  const jobs = await temporaryJobs(t, failing('run', '2', 'hang'));
  const { id } = await jobs.create(await jobs.upload(), { max_steps: 3 });
  await learned(jobs, id);
  assert.equal(told(jobs, id).at(-1), `The job goes on on the processor from step 0: ${FULL}.`);
});

test('a job that goes on after its run had ended on the device can be cancelled again', async (t) => {
  const home = await temporaryHome(t);
  const first = await startJobs(home);
  const file = await first.upload();
  await learned(first, (await first.create(file, { max_steps: 3 })).id);
  await first.close();
  const jobs = await startJobs(home, failing('open', '3', 'diverge'));
  t.after(() => jobs.close());
  const { id } = await jobs.create(file, { max_steps: 5000 });
  await jobs.until(id, () => told(jobs, id).length > 1);
  await jobs.training.cancel(id, SERVICE);
  assert.equal(jobs.job(id).status, 'cancelled');
});
