import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainingJob } from '../../src/domain/training.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { hasEnded, type Jobs, temporaryJobs } from './jobs-harness.ts';

const PREFIX = { peftType: 'PREFIX_TUNING' } as const;
/** Numbers of a row of the tiny model: keys and values of 2 layers with 2 key/value heads of 16. */
const WIDTH = 2 * 2 * 2 * 16;

async function finished(jobs: Jobs, { id }: TrainingJob): Promise<NonNullable<TrainingJob['result']>> {
  const { status, result } = await jobs.until(id, hasEnded);
  assert.equal(status, 'succeeded', jobs.messages(id).join(' | '));
  return result!;
}

test('a job learns keys and values, and a paused one ends with the same ones', async (t) => {
  const jobs = await temporaryJobs(t);
  const file = await jobs.upload();
  const steps = { max_steps: 200, save_steps: 10, eval_steps: 50 };
  const job = await jobs.create(file, steps, PREFIX);
  await jobs.until(job.id, (_, step) => step >= 20);
  await jobs.training.pause(job.id);
  await jobs.until(job.id, () => jobs.training.pid(job.id) === undefined);
  assert.ok(jobs.store.training.latestCheckpoint(job.id)!.step < 200, 'paused before the end');
  await jobs.training.resume(job.id);
  const { sha256, active, score } = await finished(jobs, job);
  const straight = await finished(jobs, await jobs.create(file, steps, { ...PREFIX, task: 'straight' }));
  assert.equal(sha256, straight.sha256);
  assert.deepEqual([active, score?.accuracy], [true, 1]);

  const { peftType, numVirtualTokens, tokenDim, config } = jobs.store.getVersion('mood', 1)!;
  assert.deepEqual([peftType, numVirtualTokens, tokenDim], ['PREFIX_TUNING', 4, 32]);
  assert.deepEqual([config.num_attention_heads, config.prefix_projection], [2, false]);
  const tensor = readPromptFile(jobs.store.readFile(sha256)!);
  assert.deepEqual([tensor.length, tensor.tokenDim], [4, WIDTH]);
});

test('keys and values start where the rows of another prompt stand, and are compared with them', async (t) => {
  const jobs = await temporaryJobs(t);
  const file = await jobs.upload();
  const rows = await finished(jobs, await jobs.create(file, { max_steps: 60, learning_rate: 0.01 }));
  assert.ok(rows.score!.loss > 0);
  // A rate that moves nothing: what is published is where learning started.
  const still = { max_steps: 1, learning_rate: 1e-12 };
  const fromRows = await jobs.create(file, { ...still, init_from: 'mood' }, PREFIX);
  const prefix = await finished(jobs, fromRows);
  assert.ok(Math.abs(prefix.score!.loss - rows.score!.loss) < 1e-4, 'the same loss');
  assert.deepEqual(prefix.incumbentScore, rows.score, 'the rows that served were scored');

  // Keys and values are taken as they are; a prompt of rows is compared with them in turn.
  await jobs.store.activate('mood', 2);
  const fromPrefix = await jobs.create(file, { ...still, init_from: 'mood@2' }, { ...PREFIX, task: 'again' });
  const again = await finished(jobs, fromPrefix);
  assert.deepEqual(again.score, prefix.score);
  const random = {
    ...PREFIX,
    task: 'drawn',
    config: { num_virtual_tokens: 4, prompt_tuning_init: 'RANDOM' },
  };
  const drawn = await finished(jobs, await jobs.create(file, still, random));
  assert.ok(Math.abs(drawn.score!.loss - prefix.score!.loss) > 0.01, 'another start');
  const back = await finished(jobs, await jobs.create(file, { ...still, init_from: 'mood@1' }));
  assert.deepEqual(back.incumbentScore, prefix.score);
});
