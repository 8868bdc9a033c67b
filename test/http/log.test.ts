import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { InjectOptions } from 'fastify';
import { DomainError } from '../../src/domain/errors.ts';
import { MULTIPART_HEADERS, multipartBody } from '../support/multipart.ts';
import { startApp, type TestApp } from './harness.ts';

const completion = { method: 'POST', url: '/v1/completions' } as const;
/** Stands wherever a client can write something. */
const MARK = 'xyzzy-private';

describe('the log', () => {
  it('has one line a request with tokens, and never a text', async (t) => {
    const { inject, logs } = await startApp(t);
    const prompt = 'very private text';
    const { headers } = await inject({ ...completion, payload: { model: 'm', prompt } });
    await inject({ ...completion, payload: { model: 'm', prompt, stream: true, x: prompt } });
    await inject({ url: '/health/live' });
    const [first, second, ...rest] = logs;
    assert.deepEqual(
      [first?.reqId, first?.method, first?.route, first?.status, first?.task],
      [headers['x-request-id'], 'POST', '/v1/completions', 200, '_unknown'],
    );
    assert.deepEqual([first?.promptTokens, first?.completionTokens], [5, 3]);
    assert.equal(typeof first?.ms, 'number');
    assert.deepEqual([second?.status, second?.code], [400, 'unknown_field']);
    assert.deepEqual(rest, []);
    assert.ok(!JSON.stringify(logs).includes('private') && !JSON.stringify(logs).includes(' two'), 'no text');
  });

  it("has the caller's trace in every line of a request", async (t) => {
    const { inject, logs } = await startApp(t);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await inject({ url: '/v1/models', headers: { traceparent } });
    for (const broken of ['', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `${traceparent}-x`, 'ff-x'])
      await inject({ url: '/v1/models', headers: { traceparent: broken } });
    assert.deepEqual(
      logs.map(({ trace_id, span_id }) => [trace_id, span_id]),
      [
        ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'],
        ...Array.from({ length: 4 }, () => [undefined, undefined]),
      ],
    );
  });

  it('holds nothing that a client wrote, at any level and whatever fails', async (t) => {
    const test = await startApp(t, {}, { logLevel: 'trace' });
    for (const request of requestsToEverything(test)) await test.app.inject(request);
    const body = { model: MARK, prompt: MARK, stop: MARK, user: MARK };
    for (const payload of [body, { ...body, stream: true }, { ...body, user: undefined, stream: true }]) {
      for (const fail of failures(test)) {
        fail();
        await test.app.inject({ ...completion, payload });
      }
    }
    await test.app.inject({
      ...completion,
      headers: { 'content-type': 'application/json' },
      payload: `{"${MARK}`,
    });
    const form = {
      headers: MULTIPART_HEADERS,
      payload: multipartBody([
        { name: MARK, filename: MARK, content: MARK },
        { name: 'adapter_config', filename: MARK, content: MARK, type: MARK },
      ]),
    };
    for (const url of ['/v1/files', '/v1/tasks/mood/prompts', '/v1/tasks/mood/evaluations'])
      await test.app.inject({ method: 'POST', url, ...form });
    const text = JSON.stringify(test.logs);
    assert.ok(
      !text.includes(MARK),
      text.slice(Math.max(0, text.indexOf(MARK) - 300), text.indexOf(MARK) + 100),
    );
    assert.ok(test.logs.length > 100, 'the requests are there');
    const places = test.logs.map(
      ({ err }) => (err as { stack: readonly string[] } | undefined)?.stack[0] ?? '',
    );
    assert.ok(
      places.some((place) => /^at fault .*log\.test\.ts/.test(place)),
      'a fault says where it is',
    );
  });

  it('stops nothing when its reader has left', async () => {
    const script = `
      const { createLog } = await import(${JSON.stringify(new URL('../../src/log.ts', import.meta.url).href)});
      const log = createLog('info', process.stderr);
      for (let i = 0; i < 50; i++) { log.info('line'); await new Promise((next) => setTimeout(next, 2)); }
      process.stdout.write('alive');`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    child.stderr.destroy();
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const [code] = await once(child, 'close');
    assert.deepEqual([code, out], [0, 'alive']);
  });
});

/** Each operation of the document with the mark in path, query, headers and body. */
function requestsToEverything({ app }: TestApp): readonly InjectOptions[] {
  const headers = {
    authorization: `Bearer ${MARK}`,
    cookie: `key=${MARK}`,
    'x-api-key': MARK,
    tracestate: `a=${MARK}`,
    'user-agent': MARK,
    referer: MARK,
  };
  const { paths = {} } = app.swagger() as { paths?: Record<string, object> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).flatMap((name): InjectOptions[] => {
      const method = name.toUpperCase() as 'GET';
      const url = path.replaceAll(/\{[^}]+\}/g, MARK);
      const payload =
        method === 'GET' ? {} : { payload: { [MARK]: MARK, model: MARK, text: MARK, inputs: [MARK] } };
      return [
        { method, url, headers, ...payload },
        { method, url: `${url}?${MARK}=${MARK}`, headers, ...payload },
        { method, url: `${url}/%${MARK}`, headers },
        { method, url, headers: { ...headers, accept: MARK } },
        {
          method,
          url,
          headers: { ...headers, 'content-type': MARK },
          ...(method !== 'GET' && { payload: MARK }),
        },
      ];
    }),
  );
}

/** Ways in which the work behind a request can fail, with the mark in every field that an error has. */
function failures({ inference }: TestApp): readonly (() => void)[] {
  const fault = () =>
    Object.assign(new Error(`${MARK}\n    at ${MARK}`, { cause: new Error(MARK) }), { given: MARK });
  const refusal = () =>
    new DomainError('internal', 'broken', MARK, { param: MARK, given: MARK, expected: MARK, cause: fault() });
  const during = (error: unknown, after: number) => {
    inference.refusal = null;
    inference.failure = { after, error };
  };
  return [
    () => {
      inference.refusal = fault();
    },
    () => {
      inference.refusal = refusal();
    },
    () => during(fault(), 0),
    () => during(refusal(), 0),
    () => during(fault(), 2),
    () => during(refusal(), 2),
  ];
}
