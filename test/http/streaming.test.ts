import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../src/domain/errors.ts';
import { eventsOf } from '../support/sse.ts';
import { startApp } from './harness.ts';

interface Chunk {
  id: string;
  object: string;
  model: string;
  choices: Record<string, unknown>[];
  usage?: unknown;
}

interface Logprobs {
  text_offset: number[];
}

const completion = { method: 'POST', url: '/v1/completions' } as const;
const payload = { model: 'mood', prompt: 'x', stream: true };

describe('streams', () => {
  it('sends completions piece by piece, then the reason, then [DONE]', async (t) => {
    const { inject } = await startApp(t);
    const response = await inject({ ...completion, payload });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['content-type'], 'text/event-stream');
    assert.equal(response.headers['cache-control'], 'no-cache');
    const events = eventsOf(response.body);
    assert.equal(events.pop(), '[DONE]');
    const chunks = events as Chunk[];
    assert.equal(new Set(chunks.map(({ id, object, model }) => `${id} ${object} ${model}`)).size, 1);
    const piece = (text: string, finish_reason: string | null = null) => [
      { index: 0, text, finish_reason, logprobs: null },
    ];
    assert.deepEqual(
      chunks.map(({ choices }) => choices),
      [piece(' one'), piece(' two'), piece(' 😀'), piece('', 'stop')],
    );
    assert.ok(chunks.every((chunk) => !('usage' in chunk)));
  });

  it('sends the usage in one last chunk, and null before', async (t) => {
    const { inject } = await startApp(t);
    const options = { stream_options: { include_usage: true } };
    const events = eventsOf((await inject({ ...completion, payload: { ...payload, ...options } })).body);
    const chunks = events.slice(0, -1) as Chunk[];
    const last = chunks.pop();
    assert.deepEqual(last?.choices, []);
    assert.deepEqual(last?.usage, {
      prompt_tokens: 5,
      completion_tokens: 3,
      total_tokens: 8,
      prompt_tokens_details: { virtual_tokens: 2 },
    });
    assert.ok(chunks.every(({ usage }) => usage === null));
  });

  it('goes on with text offsets from piece to piece', async (t) => {
    const { inject } = await startApp(t);
    const extra = { logprobs: 1, return_token_ids: true };
    const events = eventsOf((await inject({ ...completion, payload: { ...payload, ...extra } })).body);
    const choices = (events.slice(0, 3) as Chunk[]).map((chunk) => chunk.choices[0]);
    assert.deepEqual(
      choices.map((choice) => [choice?.token_ids, (choice?.logprobs as Logprobs | undefined)?.text_offset]),
      [
        [[0], [0]],
        [[1], [4]],
        [[2], [8]],
      ],
    );
  });

  it('opens each chat choice with the role', async (t) => {
    const { inject } = await startApp(t);
    const body = { model: 'm', messages: [{ role: 'user', content: 'x' }], n: 2, stream: true };
    const response = await inject({ method: 'POST', url: '/v1/chat/completions', payload: body });
    const chunks = eventsOf(response.body).slice(0, -1) as Chunk[];
    assert.ok(chunks.every(({ object }) => object === 'chat.completion.chunk'));
    for (const index of [0, 1]) {
      const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
      const deltas = own.map(({ delta }) => delta);
      assert.deepEqual(deltas, [
        { role: 'assistant', content: '' },
        { content: ' one' },
        { content: ' two' },
        { content: ' 😀' },
        {},
      ]);
      assert.deepEqual(
        own.map(({ finish_reason }) => finish_reason),
        [null, null, null, null, 'stop'],
      );
    }
  });

  it('answers an error before the first piece as an ordinary problem', async (t) => {
    const { inject, inference } = await startApp(t);
    const error = new DomainError('contended', 'queue_full', 'The queue is full.', { retryAfter: 1 });
    inference.failure = { after: 0, error };
    const response = await inject({ ...completion, payload });
    assert.equal(response.statusCode, 429);
    assert.equal(response.headers['retry-after'], '1');
    assert.equal(response.json().error.code, 'queue_full');
  });

  it('sends a later error as an event, then [DONE]: a stream without it was cut', async (t) => {
    const { inject, inference, logs } = await startApp(t);
    inference.failure = {
      after: 2,
      error: new DomainError('unavailable', 'draining', 'It stops.', { retryAfter: 1 }),
    };
    const events = eventsOf((await inject({ ...completion, payload })).body);
    assert.equal(events.pop(), '[DONE]');
    assert.deepEqual(events.at(-1), {
      error: { message: 'It stops.', type: 'server_error', param: null, code: 'draining' },
    });
    assert.equal(events.length, 3);
    inference.failure = { after: 2, error: new Error('secret') };
    const response = await inject({ ...completion, payload });
    assert.ok(!response.body.includes('secret'));
    assert.ok(logs.some(({ msg }) => msg === 'stream failed'));
  });

  it('aborts the generation when the client leaves a stream', async (t) => {
    const { listen, inference, logs } = await startApp(t);
    inference.endless = 'piece ';
    const controller = new AbortController();
    const response = await fetch(`${await listen()}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
      signal: controller.signal,
    });
    await response.body?.getReader().read();
    assert.equal(inference.signals[0]?.aborted, false);
    controller.abort();
    await inference.stopped;
    assert.equal(inference.signals[0]?.aborted, true);
    assert.equal(logs.find(({ msg }) => msg === 'request')?.aborted, true);
  });

  it('aborts the generation when the client leaves before the answer', async (t) => {
    const { listen, inference, logs } = await startApp(t);
    inference.endless = 'piece ';
    const request = fetch(`${await listen()}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...payload, stream: false }),
      signal: AbortSignal.timeout(100),
    });
    await assert.rejects(request, { name: 'TimeoutError' });
    await inference.stopped;
    await sleep(20);
    assert.deepEqual(
      logs.filter(({ reqId }) => reqId).map(({ msg, aborted }) => [msg, aborted]),
      [['request', true]],
    );
  });

  it('does not take a finished request for one that was left', async (t) => {
    const { listen, inference } = await startApp(t);
    const response = await fetch(`${await listen()}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
    assert.equal(eventsOf(await response.text()).at(-1), '[DONE]');
    await sleep(20);
    assert.equal(inference.signals[0]?.aborted, false);
  });

  it('has so few listeners on a response that Node does not take them for a leak', async (t) => {
    const key = { name: 'app', scopes: ['infer'], isLimited: false, allowsTask: () => true } as const;
    const access = { keys: { find: () => key }, requestsPerMinute: 100, concurrentRequests: 10 };
    const { listen } = await startApp(t, {}, { access });
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    t.after(() => process.off('warning', note));
    const response = await fetch(`${await listen()}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
      body: JSON.stringify(payload),
    });
    assert.equal(eventsOf(await response.text()).at(-1), '[DONE]');
    assert.deepEqual(warnings, []);
  });

  it('stops asking for pieces while the client does not read', async (t) => {
    const { listen, inference } = await startApp(t);
    inference.endless = 'x'.repeat(64 * 1024);
    const { port } = new URL(await listen());
    const socket = connect(Number(port), '127.0.0.1');
    const body = JSON.stringify(payload);
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'readable');
    let before = -1;
    while (before !== inference.emitted) {
      before = inference.emitted;
      await sleep(100);
    }
    // Socket buffers hold some MiB; without backpressure thousands of pieces would have come by now.
    assert.ok(before < 500, `${before} pieces of 64 KiB`);
    socket.destroy();
    await inference.stopped;
  });
});
