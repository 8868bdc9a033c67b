import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import OpenAI from 'openai';
import { DomainError } from '../../src/domain/errors.ts';
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
