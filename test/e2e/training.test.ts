import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI, { toFile } from 'openai';
import type { FineTuningJob, FineTuningJobEvent } from 'openai/resources/fine-tuning/jobs/jobs';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';

const BASE = 'llama-tiny';
const family = await readFamily(RECORDINGS, 'llama');

describe("training, driven by OpenAI's client", () => {
  let service: TestService;
  let openai: OpenAI;
  before(async () => {
    service = await startTestService({ source: family.modelDirectory, name: BASE });
    openai = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  after(() => service?.close());

  /** Resolves when the events of a job have ended. */
  async function ended(job: string): Promise<void> {
    const query = { stream: true };
    const stream = await openai.get(`/fine_tuning/jobs/${job}/events`, { query, stream: true });
    for await (const _ of stream as AsyncIterable<FineTuningJobEvent>);
  }

  it('uploads, learns, follows the events and serves the result', async () => {
    const content = jsonLines(moodRows(60));
    const file = await openai.files.create({
      file: await toFile(Buffer.from(content), 'mood.jsonl'),
      purpose: 'fine-tune',
    });
    assert.equal(file.status, 'processed');
    assert.equal(await (await openai.files.content(file.id)).text(), content);
    const job = await openai.fineTuning.jobs.create({
      model: BASE,
      training_file: file.id,
      suffix: 'mood',
      seed: 1,
      // OpenAI's types know its own methods only.
      method: {
        type: 'prompt_tuning',
        prompt_tuning: {
          config: { num_virtual_tokens: 4 },
          hyperparameters: { max_steps: 60, learning_rate_multiplier: 2 },
        },
      } as never,
    });
    assert.equal(job.status, 'validating_files');
    await assert.rejects(openai.files.delete(file.id), OpenAI.ConflictError);

    const events: FineTuningJobEvent[] = [];
    const response = await openai.get(`/fine_tuning/jobs/${job.id}/events`, {
      query: { stream: true },
      stream: true,
    });
    for await (const event of response as AsyncIterable<FineTuningJobEvent>) events.push(event);
    const messages = events.map(({ message }) => message);
    assert.equal(messages.at(-1), 'The job has successfully completed.', messages.join('\n'));
    const steps = events.filter(({ message }) => message.includes('training loss'));
    assert.deepEqual(
      steps.map(({ data }) => (data as { step: number }).step),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    const { data } = steps[30]!;
    for (const name of [
      'train_loss',
      'learning_rate',
      'grad_norm',
      'prompt_norm',
      'embedding_norm',
      'step_seconds',
      'tokens_per_second',
      'seconds_left',
    ]) {
      assert.ok(Number.isFinite((data as Record<string, number>)[name]), name);
    }

    const done: FineTuningJob = await openai.fineTuning.jobs.retrieve(job.id);
    assert.equal(done.status, 'succeeded');
    assert.equal(done.fine_tuned_model, 'mood@1');
    assert.ok(done.trained_tokens! > 0);
    const listed: string[] = [];
    for await (const { id } of openai.fineTuning.jobs.list()) listed.push(id);
    assert.deepEqual(listed, [job.id]);
    const checkpoints = await openai.fineTuning.jobs.checkpoints.list(job.id);
    assert.equal(checkpoints.data[0]!.step_number, 60);
    const paged: FineTuningJobEvent[] = [];
    for await (const event of openai.fineTuning.jobs.listEvents(job.id, { limit: 7 })) paged.push(event);
    assert.deepEqual(paged.reverse(), events);

    const { results } = await service.client.ok<{ results: { label: string }[] }>(
      'POST',
      '/v1/tasks/mood/classify',
      { inputs: ['the film was good 3', 'the film was bad 1'] },
    );
    assert.deepEqual(
      results.map(({ label }) => label),
      ['good', 'bad'],
    );
    const completion = await openai.completions.create({
      model: done.fine_tuned_model!,
      prompt: 'the film was good 3',
      max_tokens: 4,
    });
    assert.equal(completion.model, 'mood@1');
    assert.equal((await openai.files.delete(file.id)).deleted, true);
    await assert.rejects(openai.files.retrieve(file.id), OpenAI.NotFoundError);
  });

  it('pauses, resumes and cancels, and a job that has ended is not touched again', async () => {
    const file = await openai.files.create({
      file: await toFile(Buffer.from(jsonLines(moodRows(20))), 'mood.jsonl'),
      purpose: 'fine-tune',
    });
    const settings = {
      config: { num_virtual_tokens: 2 },
      hyperparameters: { max_steps: 100_000, batch_size: 2, save_steps: 1, logging_steps: 1 },
    };
    const { id } = await openai.fineTuning.jobs.create({
      model: BASE,
      training_file: file.id,
      suffix: 'held',
      method: { type: 'prompt_tuning', prompt_tuning: settings } as never,
    });
    const query = { stream: true };
    const stream = await openai.get(`/fine_tuning/jobs/${id}/events`, { query, stream: true });
    const answered: string[] = [];
    for await (const { message } of stream as AsyncIterable<FineTuningJobEvent>) {
      if (answered.length > 0 || !message.startsWith('Step 3/')) continue;
      for (const act of ['pause', 'resume', 'cancel'] as const) {
        answered.push((await openai.fineTuning.jobs[act](id)).status);
      }
    }
    assert.deepEqual(answered, ['paused', 'queued', 'cancelled']);
    assert.notEqual((await openai.fineTuning.jobs.checkpoints.list(id)).data.length, 0);
    const [newest] = (await openai.fineTuning.jobs.list({ limit: 1 })).data;
    assert.deepEqual([newest!.id, newest!.status], [id, 'cancelled']);
    for (const act of ['pause', 'resume', 'cancel'] as const) {
      await assert.rejects(openai.fineTuning.jobs[act](id), OpenAI.ConflictError);
    }
    assert.equal((await openai.files.delete(file.id)).deleted, true);
  });

  it('learns keys and values, which serve as an uploaded prefix does', async () => {
    const file = await openai.files.create({
      file: await toFile(Buffer.from(jsonLines(moodRows(60))), 'mood.jsonl'),
      purpose: 'fine-tune',
    });
    const settings = {
      config: { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 4, prefix_projection: false },
      hyperparameters: { max_steps: 80 },
    };
    const job = await openai.fineTuning.jobs.create({
      model: BASE,
      training_file: file.id,
      suffix: 'prefixed',
      seed: 1,
      method: { type: 'prefix_tuning', prefix_tuning: settings } as never,
    });
    await ended(job.id);
    const done = await openai.fineTuning.jobs.retrieve(job.id);
    assert.deepEqual([done.status, done.fine_tuned_model], ['succeeded', 'prefixed@1']);
    const shown = done.method as unknown as { type: string; prefix_tuning: { config: object } };
    assert.equal(shown.type, 'prefix_tuning');
    assert.deepEqual(shown.prefix_tuning.config, {
      peft_type: 'PREFIX_TUNING',
      num_virtual_tokens: 4,
      prompt_tuning_init: 'auto',
      prompt_tuning_init_text: null,
    });
    const { peft_type } = await service.client.ok<{ peft_type: string }>(
      'GET',
      '/v1/tasks/prefixed/prompts/1/adapter_config.json',
    );
    assert.equal(peft_type, 'PREFIX_TUNING');
    const inputs = ['the film was good 3', 'the film was bad 1'];
    const { results } = await service.client.ok<{ results: { label: string }[] }>(
      'POST',
      '/v1/tasks/prefixed/classify',
      { inputs },
    );
    assert.deepEqual(
      results.map(({ label }) => label),
      ['good', 'bad'],
    );
  });

  it('learns several tasks in one job, and hands out the adapter of all', async () => {
    const upload = async (rows: readonly object[]) =>
      openai.files.create({
        file: await toFile(Buffer.from(jsonLines(rows)), 'rows.jsonl'),
        purpose: 'fine-tune',
      });
    const turned = moodRows(60).map(({ text, label }) => ({
      text,
      label: label === 'good' ? 'dull' : 'fine',
    }));
    const [file, other] = [await upload(moodRows(60)), await upload(turned)];
    const other_tasks = [{ suffix: 'turned', training_file: other.id }];
    const settings = {
      config: { num_virtual_tokens: 4, num_ranks: 2 },
      hyperparameters: { max_steps: 100, learning_rate: 0.05 },
      other_tasks,
    };
    const job = await openai.fineTuning.jobs.create({
      model: BASE,
      training_file: file.id,
      suffix: 'several',
      seed: 1,
      method: { type: 'multitask_prompt_tuning', multitask_prompt_tuning: settings } as never,
    });
    const before = await fetch(`${service.url}/v1/fine_tuning/jobs/${job.id}/adapter_config.json`);
    assert.equal(before.status, 404);
    await ended(job.id);
    const done = (await openai.fineTuning.jobs.retrieve(job.id)) as FineTuningJob & {
      other_results: { suffix: string; fine_tuned_model: string; active: boolean }[];
    };
    assert.deepEqual([done.status, done.fine_tuned_model], ['succeeded', 'several@1']);
    assert.deepEqual(
      done.other_results.map(({ fine_tuned_model, active }) => [fine_tuned_model, active]),
      [['turned@1', true]],
    );
    const { type, multitask_prompt_tuning: shown } = done.method as unknown as {
      type: string;
      multitask_prompt_tuning: typeof settings;
    };
    assert.equal(type, 'multitask_prompt_tuning');
    assert.deepEqual(shown.other_tasks, [{ ...other_tasks[0]!, validation_file: null }]);
    for (const [task, label] of [
      ['several', 'good'],
      ['turned', 'dull'],
    ]) {
      const { results } = await service.client.ok<{ results: { label: string }[] }>(
        'POST',
        `/v1/tasks/${task}/classify`,
        { inputs: ['the film was good 3'] },
      );
      assert.equal(results[0]!.label, label);
    }
    // The adapter of all tasks is taken back as any multitask adapter is, task by task.
    const form = new FormData();
    for (const [part, name] of [
      ['adapter_config', 'adapter_config.json'],
      ['adapter_model', 'adapter_model.safetensors'],
    ] as const) {
      const response = await fetch(`${service.url}/v1/fine_tuning/jobs/${job.id}/${name}`);
      assert.equal(response.status, 200);
      form.append(part, await response.blob(), name);
    }
    const again = await fetch(`${service.url}/v1/tasks/turned/prompts?task_id=1`, {
      method: 'POST',
      body: form,
    });
    assert.equal(again.status, 200, 'the version that exists');
  });

  it('gets typed errors that say what was wrong', async () => {
    const upload = async (name: string, content: string) =>
      openai.files.create({ file: await toFile(Buffer.from(content), name), purpose: 'fine-tune' });
    const code = (expected: string) => (error: unknown) => {
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.equal(error.code, expected, error.message);
      return true;
    };
    await assert.rejects(upload('empty.jsonl', ''), code('dataset_empty'));
    await assert.rejects(upload('one.jsonl', jsonLines([{ text: 'a', label: 'x' }])), code('one_class'));
    await assert.rejects(upload('broken.csv', 'text,label\n"a,b\n'), code('dataset_invalid'));
    const file = await upload('mood.jsonl', jsonLines(moodRows(8)));
    const create = (changes: object) =>
      openai.fineTuning.jobs.create({ model: BASE, training_file: file.id, suffix: 'x', ...changes });
    await assert.rejects(create({ training_file: 'file-none' }), code('file_not_found'));
    await assert.rejects(create({ model: 'nobody' }), code('model_not_found'));
    await assert.rejects(create({ suffix: BASE }), code('task_name_reserved'));
    const method = (type: string, settings: object) => create({ method: { type, ...settings } as never });
    const projected = { prefix_tuning: { config: { prefix_projection: true } } };
    await assert.rejects(method('prefix_tuning', projected), code('prefix_projection_unsupported'));
    await assert.rejects(method('prefix_tuning', { prompt_tuning: {} }), code('method_conflict'));
  });
});
