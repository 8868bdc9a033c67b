import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import OpenAI from 'openai';
import { DomainError } from '../../src/domain/errors.ts';
import { FakeTraining } from './fake-training.ts';
import { BASE_MODEL } from './fakes.ts';
import { startApp } from './harness.ts';

async function withClient(t: TestContext) {
  const test = await startApp(t);
  const openai = new OpenAI({ baseURL: `${await test.listen()}/v1`, apiKey: 'none', maxRetries: 0 });
  return { ...test, openai };
}

const messages = [{ role: 'user' as const, content: 'Hi' }];

describe("OpenAI's own client", () => {
  it('completes', async (t) => {
    const { openai } = await withClient(t);
    const completion = await openai.completions.create({ model: 'mood', prompt: ['a', 'b'], logprobs: 2 });
    assert.deepEqual(
      completion.choices.map(({ index, text }) => [index, text]),
      [
        [0, ' one two 😀'],
        [1, ' one two 😀'],
      ],
    );
    assert.equal(completion.choices[0]?.logprobs?.tokens?.length, 3);
    assert.equal(completion.usage?.total_tokens, 11);
    assert.ok(completion._request_id);
  });

  it('chats', async (t) => {
    const { openai } = await withClient(t);
    const chat = await openai.chat.completions.create({
      model: 'mood',
      messages,
      logprobs: true,
      top_logprobs: 1,
    });
    assert.equal(chat.choices[0]?.message.content, ' one two 😀');
    assert.equal(chat.choices[0]?.logprobs?.content?.[1]?.top_logprobs[0]?.token, ' two');
  });

  it('streams completions and chats', async (t) => {
    const { openai } = await withClient(t);
    const stream = { stream: true, stream_options: { include_usage: true } } as const;
    let text = '';
    let total = 0;
    for await (const chunk of await openai.completions.create({ model: 'mood', prompt: 'x', ...stream })) {
      text += chunk.choices[0]?.text ?? '';
      total = chunk.usage?.total_tokens ?? total;
    }
    assert.deepEqual([text, total], [' one two 😀', 8]);
    const final = await openai.chat.completions.stream({ model: 'mood', messages }).finalChatCompletion();
    assert.deepEqual(final.choices[0]?.message.content, ' one two 😀');
    assert.equal(final.choices[0]?.finish_reason, 'stop');
  });

  it('lists and retrieves models', async (t) => {
    const { openai, inject } = await withClient(t);
    await inject({ method: 'PUT', url: '/v1/tasks/mood', payload: {} });
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    assert.deepEqual(ids, [BASE_MODEL, 'mood']);
    assert.equal((await openai.models.retrieve('mood')).id, 'mood');
    await assert.rejects(openai.models.retrieve('nobody'), OpenAI.NotFoundError);
  });

  it('throws its own errors', async (t) => {
    const { openai, inference } = await withClient(t);
    const request = { model: 'mood', prompt: 'x' };
    await assert.rejects(openai.completions.create({ ...request, best_of: 2 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual(
        [error.code, error.param, error.type],
        ['unknown_field', 'best_of', 'invalid_request_error'],
      );
      return true;
    });
    inference.refusal = new DomainError('contended', 'queue_full', 'The queue is full.', { retryAfter: 1 });
    await assert.rejects(openai.completions.create(request), OpenAI.RateLimitError);
  });

  it('follows the events of a job and of an evaluation to their end', async (t) => {
    const { listen, inject, evaluator, training } = await startApp(t);
    const baseURL = `${await listen()}/v1`;
    let bytes: Promise<string> = Promise.resolve('');
    const openai = new OpenAI({
      baseURL,
      apiKey: 'none',
      maxRetries: 0,
      // Also what the client does not show: that a stream which ended was not cut.
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        bytes = response.clone().text();
        return response;
      },
    });
    const follow = async (stream: AsyncIterable<{ object: string }>): Promise<readonly string[]> => {
      const objects: string[] = [];
      for await (const { object } of stream) objects.push(object);
      assert.match(await bytes, /\n\ndata: \[DONE\]\n\n$/);
      return objects;
    };
    const { id } = await training.addFile('rows.jsonl', 'application/jsonl', (async function* () {})());
    const wanted = { model: BASE_MODEL, suffix: 'mood', training_file: id };
    const job = (await inject({ method: 'POST', url: '/v1/fine_tuning/jobs', payload: wanted })).json().id;
    const path = `/fine_tuning/jobs/${job}/events`;
    const events = () => openai.get(path, { query: { stream: true }, stream: true });
    const rows = [{ text: 'x', label: 'a' }];
    const body = { rows, stream: true };
    const evaluation = () => openai.post('/tasks/mood/evaluations', { body, stream: true });
    type Events = AsyncIterable<{ object: string }>;
    assert.deepEqual(await follow((await events()) as Events), ['fine_tuning.job.event']);
    assert.deepEqual(await follow((await evaluation()) as Events), [
      'evaluation.progress',
      'evaluation.progress',
      'evaluation',
    ]);

    const error = new DomainError('unavailable', 'draining', 'It stops.', { retryAfter: 1 });
    evaluator.failure = { after: 1, error };
    training.follow = async function* () {
      yield* FakeTraining.prototype.follow.call(training);
      throw error;
    };
    for (const begin of [events, evaluation]) {
      await assert.rejects(follow((await begin()) as Events), { name: 'Error', message: /It stops/ });
      assert.match(await bytes, /"code":"draining".*\n\ndata: \[DONE\]\n\n$/);
    }
  });

  it('throws on an error inside a stream', async (t) => {
    const { openai, inference } = await withClient(t);
    inference.failure = {
      after: 1,
      error: new DomainError('unavailable', 'draining', 'It stops.', { retryAfter: 1 }),
    };
    const stream = await openai.completions.create({ model: 'mood', prompt: 'x', stream: true });
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    };
    await assert.rejects(read(), { name: 'Error', message: /It stops/ });
    assert.equal(text, ' one');
  });
});
