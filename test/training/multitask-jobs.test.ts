import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRequest, TrainingJob } from '../../src/domain/training.ts';
import { readMultitask, readTaskPrompt } from '../../src/peft/multitask.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { moodRows } from '../support/training-rows.ts';
import { hasEnded, type Jobs, temporaryJobs } from './jobs-harness.ts';

const STEPS = { max_steps: 150, save_steps: 10, eval_steps: 50, learning_rate: 0.05 };

/** The rows of another task: the same texts with labels of its own, turned round. */
const turned = (count: number) =>
  moodRows(count).map(({ text, label }) => ({ text, label: label === 'good' ? 'dull' : 'fine' }));

async function finished(jobs: Jobs, { id }: TrainingJob): Promise<NonNullable<TrainingJob['result']>> {
  const { status, result } = await jobs.until(id, hasEnded);
  assert.equal(status, 'succeeded', jobs.messages(id).join(' | '));
  return result!;
}

const request = (task: string, other: string, file: string): Partial<JobRequest> => ({
  peftType: 'MULTITASK_PROMPT_TUNING',
  task,
  otherTasks: [{ task: other, trainingFile: file, validationFile: null }],
  config: { num_virtual_tokens: 4, num_ranks: 2 },
});

test('one job learns the prompts of two tasks, and a paused one ends with the same ones', async (t) => {
  const jobs = await temporaryJobs(t);
  const files = [await jobs.upload(), await jobs.upload(turned(60))] as const;
  const job = await jobs.create(files[0], STEPS, request('mood', 'turned', files[1]));
  await assert.rejects(jobs.store.training.deleteFile(files[1]), { code: 'file_in_use' });
  await jobs.until(job.id, (_, step) => step >= 20);
  await jobs.training.pause(job.id);
  await jobs.until(job.id, () => jobs.training.pid(job.id) === undefined);
  await jobs.training.resume(job.id);
  const result = await finished(jobs, job);
  const straight = await jobs.create(files[0], STEPS, request('mood-straight', 'turned-straight', files[1]));
  const expected = await finished(jobs, straight);
  const hashes = ({ sha256, others }: typeof result) => [sha256, ...others.map((other) => other.sha256)];
  assert.deepEqual(hashes(result), hashes(expected));

  assert.equal(result.others.length, 1);
  for (const [task, found] of [
    ['mood', result],
    ['turned', result.others[0]!],
  ] as const) {
    assert.deepEqual([found.version, found.active, found.score?.accuracy], [1, true, 1], task);
    const version = jobs.store.getVersion(task, 1)!;
    assert.deepEqual([version.peftType, version.sha256], ['PROMPT_TUNING', found.sha256]);
  }
  assert.deepEqual(jobs.store.getTask('turned')!.labels, ['dull', 'fine']);

  const { config, model } = jobs.training.adapter(job.id);
  const { peft_type, num_tasks, num_ranks } = JSON.parse(Buffer.from(config).toString());
  assert.deepEqual([peft_type, num_tasks, num_ranks], ['MULTITASK_PROMPT_TUNING', 2, 2]);
  for (const [task, hash] of hashes(result).entries()) {
    const { prompt: composed } = readTaskPrompt(model, task, false, () => undefined);
    assert.deepEqual(
      composed.rows,
      readPromptFile(jobs.store.readFile(hash)!).rows,
      'what is published is what it makes',
    );
  }
});

test('a new task starts from what others share and from their factors', async (t) => {
  const jobs = await temporaryJobs(t);
  const files = [await jobs.upload(), await jobs.upload(turned(60))] as const;
  const short = { ...STEPS, max_steps: 20 };
  const source = await jobs.create(files[0], short, request('mood', 'turned', files[1]));
  await assert.rejects(async () => jobs.training.adapter(source.id), { code: 'adapter_not_found' });
  const result = await finished(jobs, source);
  // A rate that moves nothing: what is published is where learning started.
  const still = { max_steps: 1, learning_rate: 1e-12, init_from: source.id };
  const start = async (prompt_tuning_init: string, more: JobRequest['config'] = {}) => {
    const config = { prompt_tuning_init, ...more };
    const task = `from-${prompt_tuning_init.toLowerCase().slice(0, 5)}`;
    const asked = { peftType: 'MULTITASK_PROMPT_TUNING', task, config } as const;
    const job = await jobs.create(files[1], still, asked);
    const { sha256 } = await finished(jobs, job);
    return { job, rows: readPromptFile(jobs.store.readFile(sha256)!).rows };
  };
  const published = (hash: string) => readPromptFile(jobs.store.readFile(hash)!).rows;
  const exact = await start('EXACT_SOURCE_TASK', { prompt_tuning_init_task: 1 });
  assert.deepEqual(exact.rows, published(result.others[0]!.sha256));
  const average = await start('AVERAGE_SOURCE_TASKS');
  const shared = await start('ONLY_SOURCE_SHARED');
  const tensors = (id: string) => readMultitask(jobs.training.adapter(id).model).prompt;
  const before = tensors(source.id);
  for (const { job } of [average, shared]) assert.deepEqual(tensors(job.id).shared, before.shared);
  const half = before.columns.length / 2;
  const mean = before.columns.slice(0, half).map((value, i) => (value + before.columns[half + i]!) / 2);
  for (const [i, value] of tensors(average.job.id).columns.entries()) {
    assert.ok(Math.abs(value - mean[i]!) < 1e-6);
  }
  assert.notDeepEqual(tensors(shared.job.id).columns, tensors(average.job.id).columns);
});
