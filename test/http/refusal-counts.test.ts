import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { InjectOptions } from 'fastify';
import { parseEntries } from '../../src/access/entries.ts';
import { createKeyRing } from '../../src/access/key-ring.ts';
import { newKey } from '../../src/access/secrets.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { Scrape } from '../support/scrape.ts';
import { type AppOptions, startApp, type TestApp } from './harness.ts';

const OPS = newKey('ops', ['admin'], null);
const READER = newKey('reader', ['infer'], null);
const keys = createKeyRing(
  parseEntries(
    [OPS, READER].map(({ entry }, i) => ({ place: `${i}`, text: entry })),
    'test',
  ),
);
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const reader = bearer(READER.secret);

const BODY = { model: 'm', prompt: 'x' };
const completion = (payload: object = BODY): InjectOptions => ({
  method: 'POST',
  url: '/v1/completions',
  headers: reader,
  payload,
});
const MODELS: InjectOptions = { url: '/v1/models', headers: reader };
const repeated = <T>(count: number, item: T): T[] => Array<T>(count).fill(item);

/** An app, and the codes that its clients saw: of problem documents, and of errors in streams. */
async function startBooks(
  t: TestContext,
  options: AppOptions = {},
  limits: Parameters<typeof startApp>[1] = {},
) {
  const test = await startApp(t, limits, { ...options, access: { keys, ...options.access } });
  const seen: Record<string, number> = {};
  const note = (text: string): void => {
    const code = /"error":\{[^}]*"code":"([a-z_]+)"/.exec(text)?.[1];
    if (code !== undefined) seen[code] = (seen[code] ?? 0) + 1;
  };
  return {
    test,
    note,
    /** Sends all at the same time. */
    send: async (...requests: readonly InjectOptions[]) => {
      const responses = await Promise.all(requests.map((request) => test.inject(request)));
      for (const { body } of responses) note(body);
    },
    /** The books agree, and the client saw these. */
    async agree(expected: Readonly<Record<string, number>>): Promise<void> {
      assert.deepEqual(seen, expected, 'what the client saw');
      assert.deepEqual(await counted(test), expected, 'what was counted');
    },
  };
}

async function counted({ inject }: TestApp): Promise<Record<string, number>> {
  const { body } = await inject({ url: '/metrics', headers: bearer(OPS.secret) });
  const name = 'softprompt_refusals_total';
  const scrape = new Scrape(body);
  return Object.fromEntries(scrape.values(name, 'code').map((code) => [code, scrape.sum(name, { code })]));
}

describe('refusals are counted as often as the client saw them:', () => {
  it('keys', async (t) => {
    const { send, agree } = await startBooks(t);
    await send({ url: '/v1/models' }, { url: '/v1/models', headers: bearer('sp-wrong') });
    await send({ url: '/metrics', headers: reader });
    await agree({ missing_api_key: 1, invalid_api_key: 1, insufficient_scope: 1 });
  });

  it('failed authentications of one address', async (t) => {
    const { send, agree } = await startBooks(t);
    for (const request of repeated(63, { url: '/v1/models' })) await send(request);
    await agree({ missing_api_key: 60, too_many_failures: 3 });
  });

  it('the rate of a key', async (t) => {
    const { send, agree } = await startBooks(t, { access: { requestsPerMinute: 3 } });
    for (const request of repeated(5, MODELS)) await send(request);
    await agree({ rate_limited: 2 });
  });

  it('requests of a key at the same time', async (t) => {
    const { test, send, agree } = await startBooks(t, { access: { concurrentRequests: 2 } });
    test.inference.delayMs = 20;
    await send(...repeated(5, completion()));
    await send(completion());
    await agree({ too_many_requests: 3 });
  });

  it('a full queue, before and after the body', async (t) => {
    const { test, send, agree } = await startBooks(t);
    test.full = true;
    await send(...repeated(2, completion()));
    test.full = false;
    test.inference.refusal = new DomainError('contended', 'queue_wait', 'Too long.', { retryAfter: 1 });
    await send(completion(), completion({ ...BODY, stream: true }));
    await agree({ queue_full: 2, queue_wait: 2 });
    const { length } = test.inference.signals;
    test.inference.busy = test.inference.refusal;
    await send(completion(), completion({ ...BODY, stream: true }));
    await agree({ queue_full: 2, queue_wait: 4 });
    assert.equal(test.inference.signals.length, length, 'nothing is made for what has no turn');
  });

  it('the deadline, in a stream and before', async (t) => {
    const { test, send, agree } = await startBooks(t, { timeouts: { inference: 20 } });
    test.inference.endless = 'piece ';
    await send(completion(), completion({ ...BODY, stream: true }));
    await agree({ deadline_exceeded: 2 });
  });

  it('a stream whose reader is too slow', async (t) => {
    const { test, send, agree } = await startBooks(t);
    const error = new DomainError('unavailable', 'reader_too_slow', 'Too slow.');
    test.inference.failure = { after: 1, error };
    await send(...repeated(2, completion({ ...BODY, stream: true })));
    await agree({ reader_too_slow: 2 });
  });

  it('bodies that are too large, no JSON, of another type or form', async (t) => {
    const { send, agree } = await startBooks(t, {}, { bodyBytes: 200 });
    const bytes = (payload: string, type = 'application/json'): InjectOptions => ({
      ...completion(),
      payload,
      headers: { ...reader, 'content-type': type },
    });
    await send(completion({ ...BODY, prompt: 'x'.repeat(300) }), bytes('{'), bytes('x', 'text/plain'));
    await send(...repeated(2, completion({ ...BODY, best_of: 2 })));
    await agree({ body_too_large: 1, invalid_json: 1, unsupported_media_type: 1, unknown_field: 2 });
  });

  it('what no route takes', async (t) => {
    const { send, agree } = await startBooks(t);
    await send({ url: '/nothing', headers: reader }, { ...MODELS, method: 'DELETE' });
    await send({ ...MODELS, headers: { ...reader, accept: 'text/html' } });
    await agree({ route_not_found: 1, method_not_allowed: 1, not_acceptable: 1 });
  });

  it('places of evaluations', async (t) => {
    const { test, send, note, agree } = await startBooks(t, { timeouts: { inference: 50 } });
    test.evaluator.endless = true;
    const leave = new AbortController();
    const path = '/v1/tasks/m/evaluations';
    const headers = bearer(OPS.secret);
    const payload = { rows: [{ text: 'x', label: 'a' }] };
    const base = await test.listen();
    const running = repeated(2, 0).map(() =>
      fetch(base + path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(payload),
        signal: leave.signal,
      }),
    );
    while (test.evaluator.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await send(...repeated(2, { method: 'POST', url: path, headers, payload } as const));
    leave.abort();
    for (const { status } of await Promise.allSettled(running)) note(status);
    await test.evaluator.stopped;
    await agree({ too_many_evaluations: 2 });
  });

  it('a service that loads or drains', async (t) => {
    const { test, send, agree } = await startBooks(t);
    test.phase = 'loading';
    await send(...repeated(2, completion()));
    test.phase = 'draining';
    await send(completion(), { url: '/health/ready' });
    await agree({ loading: 2, draining: 2 });
  });

  it('heads that are too large or no HTTP', async (t) => {
    const { test, note, agree } = await startBooks(t);
    const port = Number(new URL(await test.listen()).port);
    const lines = [`x: ${'x'.repeat(20_000)}`, 'a:\r\n'.repeat(3000), 'no header', 'host: y'];
    for (const line of lines) {
      const socket = connect(port, '127.0.0.1')
        .setEncoding('utf8')
        .on('error', () => undefined);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.write(`GET /info HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${line.trimEnd()}\r\n\r\n`);
      await once(socket, 'close');
      note(text);
    }
    await agree({ headers_too_large: 2, malformed_http: 1, duplicate_host: 1 });
  });
});
