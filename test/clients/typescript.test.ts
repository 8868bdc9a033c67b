import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import createClient, { type Client } from 'openapi-fetch';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { eventsOf } from '../support/sse.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';
import type { components, paths } from './openapi-types.d.ts';

const BASE = 'llama-tiny';
const TOKEN_DIM = 64;
const family = await readFamily(RECORDINGS, 'llama');

/** What was answered as JSON, where the types also know a stream; fails with the problem otherwise. */
function succeeded<T>({ data, error }: { data?: T; error?: unknown }): Exclude<NonNullable<T>, string> {
  assert.ok(typeof data === 'object' && data !== null, `refused: ${JSON.stringify(error)}`);
  return data as Exclude<NonNullable<T>, string>;
}

describe('a client of openapi-typescript and openapi-fetch', () => {
  let service: TestService;
  let client: Client<paths>;
  before(async () => {
    service = await startTestService({ source: family.modelDirectory, name: BASE });
    client = createClient<paths>({ baseUrl: service.url });
  });
  after(() => service?.close());

  it('creates a task, uploads a prompt and serves it', async () => {
    const task = { task: 'mood' };
    const created = succeeded(
      await client.PUT('/v1/tasks/{task}', { params: { path: task }, body: { labels: ['good', 'bad'] } }),
    );
    assert.equal(created.active_version, null);
    const uploaded = await client.POST('/v1/tasks/{task}/prompts', {
      params: { path: task, query: { activate: true } },
      headers: { 'content-type': 'application/octet-stream' },
      body: '' as never, // bytes, which the types have no form for
      bodySerializer: () => new Blob([new Uint8Array(randomPrompt(1, 4, TOKEN_DIM))]),
    });
    const prompt: components['schemas']['UploadedPrompt'] = succeeded(uploaded);
    assert.equal(uploaded.response.headers.get('etag'), `"${prompt.sha256}"`);
    const version = { ...task, version: prompt.version };
    const config = succeeded(
      await client.GET('/v1/tasks/{task}/prompts/{version}/adapter_config.json', {
        params: { path: version },
      }),
    );
    assert.equal(config.num_virtual_tokens, 4);
    const listed = succeeded(await client.GET('/v1/tasks', { params: { query: { limit: 5 } } }));
    assert.deepEqual(
      listed.data.map(({ name, active_version }) => [name, active_version]),
      [['mood', 1]],
    );
  });

  it('classifies, scores, completes and chats', async () => {
    const path = { task: 'mood' };
    const { results } = succeeded(
      await client.POST('/v1/tasks/{task}/classify', { params: { path }, body: { inputs: ['a film'] } }),
    );
    assert.deepEqual(Object.keys(results[0]!.probabilities).sort(), ['bad', 'good']);
    const inputs = [{ text: 'a film', target: ' good' }];
    const scored = succeeded(
      await client.POST('/v1/tasks/{task}/score', { params: { path }, body: { inputs } }),
    );
    assert.ok(scored.results[0]!.loglik < 0, 'a log-likelihood is negative');
    const completed = succeeded(
      await client.POST('/v1/completions', { body: { model: 'mood', prompt: 'a film', max_tokens: 3 } }),
    );
    assert.equal(completed.model, 'mood@1');
    const messages: components['schemas']['ChatMessage'][] = [{ role: 'user', content: 'a film' }];
    const chat = succeeded(
      await client.POST('/v1/chat/completions', { body: { model: BASE, messages, max_tokens: 3 } }),
    );
    assert.equal(chat.choices[0]!.message.role, 'assistant');
  });

  it('reads a stream', async () => {
    const { data } = await client.POST('/v1/completions', {
      body: { model: 'mood', prompt: 'a film', max_tokens: 3, stream: true },
      headers: { accept: 'text/event-stream' },
      parseAs: 'text',
    });
    const events = eventsOf(String(data));
    assert.equal(events.pop(), '[DONE]');
    const chunks = events as components['schemas']['CompletionChunk'][];
    assert.equal(chunks.at(-1)!.choices[0]!.finish_reason, 'length');
  });

  it('uploads rows and starts, follows and cancels a job', async () => {
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([jsonLines(moodRows(12))]), 'rows.jsonl');
    const file = succeeded(
      await client.POST('/v1/files', { body: form as never, bodySerializer: () => form }),
    );
    assert.deepEqual([file.rows, file.kind], [12, 'classification']);
    const job = succeeded(
      await client.POST('/v1/fine_tuning/jobs', {
        body: {
          model: BASE,
          training_file: file.id,
          suffix: 'mood',
          method: { type: 'prompt_tuning', prompt_tuning: { hyperparameters: { max_steps: 1000 } } },
        },
      }),
    );
    const path = { job: job.id };
    const events = succeeded(await client.GET('/v1/fine_tuning/jobs/{job}/events', { params: { path } }));
    assert.match(events.data.at(-1)!.message, /Created/);
    const cancelled = succeeded(await client.POST('/v1/fine_tuning/jobs/{job}/cancel', { params: { path } }));
    assert.equal(cancelled.status, 'cancelled');
  });

  it('gets refusals as problems', async () => {
    const { data, error, response } = await client.POST('/v1/completions', {
      body: { model: 'nobody', prompt: 'x' },
    });
    assert.equal(data, undefined);
    assert.equal(response.status, 404);
    const problem: components['schemas']['Problem'] = error!;
    assert.deepEqual([problem.param, problem.error.type], ['model', 'not_found_error']);
  });
});
