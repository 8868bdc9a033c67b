import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, type RecordedFamily, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';

interface Problem {
  readonly error: { readonly code: string; readonly param: string; readonly message: string };
}

interface Completion {
  readonly choices: readonly { readonly text: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

describe('an encoder-decoder model over HTTP', () => {
  const model = 't5-tiny';
  let family: RecordedFamily;
  let service: TestService;
  before(async () => {
    family = await readFamily(RECORDINGS, 't5');
    service = await startTestService({ source: family.modelDirectory, name: model });
  });
  after(() => service?.close());

  const complete = (fields: object) =>
    service.client.request<Completion & Problem>('POST', '/v1/completions', {
      model,
      temperature: 0,
      ignore_eos: true,
      max_tokens: 4,
      ...fields,
    });

  it('begins a text of its own, which does not go on with the input', async () => {
    const { text, greedy_ids: ids } = family.base[0]!;
    const { choices, usage } = (await complete({ prompt: text })).body;
    const alone = await service.client.ok<{ text: string }>('POST', '/detokenize', {
      ids: ids.slice(0, 4),
    });
    assert.equal(choices[0]!.text, alone.text);
    assert.equal(usage.completion_tokens, 4);
    assert.equal(usage.prompt_tokens, family.base[0]!.input_ids.length);
  });

  it('echoes the input as it was written, without the end that the tokenizer put behind it', async () => {
    const { text } = family.base[0]!;
    const plain = (await complete({ prompt: text })).body.choices[0]!.text;
    const echoed = (await complete({ prompt: text, echo: true })).body.choices[0]!.text;
    assert.equal(echoed, `${text}${plain}`);
  });

  it('has no log-probabilities of its input', async () => {
    const { status, body } = await complete({ prompt: 'The room', echo: true, logprobs: 2 });
    assert.equal(status, 422);
    assert.deepEqual([body.error.code, body.error.param], ['echo_logprobs_unsupported', 'logprobs']);
  });

  it('counts input and output by themselves', async () => {
    const { limits } = await service.client.ok<{ limits: { context_length: number } }>('GET', '/info');
    const most = limits.context_length;
    assert.equal((await complete({ prompt: Array(most).fill(5), max_tokens: 1 })).status, 200);
    assert.equal((await complete({ prompt: [5, 6], max_tokens: most })).status, 200);
    for (const [fields, param, given] of [
      [{ prompt: Array(most + 1).fill(5), max_tokens: 1 }, 'prompt', `${most + 1} input tokens`],
      [{ prompt: [5, 6], max_tokens: most + 1 }, 'max_tokens', `Output tokens = ${most + 1}`],
    ] as const) {
      const { status, body } = await complete(fields);
      assert.equal(status, 422);
      assert.deepEqual([body.error.code, body.error.param], ['context_length_exceeded', param]);
      assert.ok(body.error.message.includes(given), body.error.message);
    }
  });

  it('learns a prompt, serves it, and hands it out as PEFT reads it', async () => {
    const file = await service.client.uploadFile('mood.jsonl', jsonLines(moodRows(60)));
    const job = await service.client.ok<{ id: string }>('POST', '/v1/fine_tuning/jobs', {
      model,
      training_file: file,
      suffix: 'mood',
      seed: 1,
      method: {
        type: 'prompt_tuning',
        prompt_tuning: {
          config: { num_virtual_tokens: 8 },
          hyperparameters: { max_steps: 200, learning_rate_multiplier: 3 },
        },
      },
    });
    let state = { status: 'running', fine_tuned_model: '' };
    while (!['succeeded', 'failed', 'cancelled'].includes(state.status)) {
      await setTimeout(100);
      state = await service.client.ok('GET', `/v1/fine_tuning/jobs/${job.id}`);
    }
    assert.deepEqual([state.status, state.fine_tuned_model], ['succeeded', 'mood@1']);
    const { results } = await service.client.ok<{ results: { label: string }[] }>(
      'POST',
      '/v1/tasks/mood/classify',
      { inputs: ['the film was good 3', 'the film was bad 1'] },
    );
    assert.deepEqual(
      results.map(({ label }) => label),
      ['good', 'bad'],
    );
    const config = await service.client.ok<Record<string, unknown>>(
      'GET',
      '/v1/tasks/mood/prompts/1/adapter_config.json',
    );
    assert.deepEqual(
      [config.task_type, config.num_transformer_submodules, config.num_virtual_tokens],
      ['SEQ_2_SEQ_LM', 1, 8],
    );
  });

  it('does not learn keys and values, of which an encoder has none', async () => {
    const file = await service.client.uploadFile('mood.jsonl', jsonLines(moodRows(60)));
    const { status, body } = await service.client.request<Problem>('POST', '/v1/fine_tuning/jobs', {
      model,
      training_file: file,
      suffix: 'keys',
      method: { type: 'prefix_tuning', prefix_tuning: { config: { num_virtual_tokens: 4 } } },
    });
    assert.equal(status, 422);
    assert.equal(body.error.code, 'peft_type_unsupported');
  });

  it('refuses a chat, for which the model has no template', async () => {
    const { status } = await service.client.request('POST', '/v1/chat/completions', {
      model,
      messages: [{ role: 'user', content: 'hello' }],
    });
    assert.equal(status, 422);
  });

  it('generates as an ensemble, from the mean of what the versions say alone', async () => {
    for (const seed of [1, 2]) {
      succeeded(await service.client.uploadTensor('both', randomPrompt(seed, 5 * seed, 48)), `${seed}`);
    }
    const top = async (name: string) => {
      const body = { model: name, prompt: 'The room', max_tokens: 3, temperature: 0, logprobs: 20 };
      const { logprobs } = await service.client.complete({ ...body, ignore_eos: true });
      return logprobs!.top_logprobs;
    };
    const [together, ...members] = await Promise.all(['both@1+2', 'both@1', 'both@2'].map(top));
    assert.equal(together!.length, 3);
    let compared = 0;
    for (const [token, logprob] of Object.entries(together![0]!)) {
      const alone = members.map((positions) => positions[0]![token]);
      if (alone.includes(undefined)) continue;
      compared++;
      const mean = alone.reduce((sum: number, value) => sum + Math.exp(value!), 0) / 2;
      assert.ok(Math.abs(logprob - Math.log(mean)) < 1e-4, `${token}: ${logprob}, not ${Math.log(mean)}`);
    }
    assert.ok(compared > 0, 'no token is among the best of all');
  });
});
