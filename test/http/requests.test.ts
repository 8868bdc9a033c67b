import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startApp } from './harness.ts';

const url = '/v1/completions';
const json = { 'content-type': 'application/json' };

describe('requests', () => {
  it('that are no valid JSON in UTF-8 are refused', async (t) => {
    const { inject, inference } = await startApp(t);
    const cases: [Buffer, string][] = [
      [Buffer.from('{"model":'), 'invalid_json'],
      [Buffer.from("{'model':1}"), 'invalid_json'],
      [
        Buffer.concat([Buffer.from('{"model":"m","prompt":"'), Buffer.of(0xff), Buffer.from('"}')]),
        'invalid_utf8',
      ],
      [
        Buffer.concat([
          Buffer.from('{"model":"m","prompt":"'),
          Buffer.of(0xed, 0xa0, 0x80),
          Buffer.from('"}'),
        ]),
        'invalid_utf8',
      ],
      [Buffer.from('{"model":"m","prompt":"é"}', 'latin1'), 'invalid_utf8'],
      [Buffer.from(''), 'invalid_field'],
      [Buffer.from('null'), 'invalid_field'],
    ];
    for (const [payload, code] of cases) {
      const response = await inject({ method: 'POST', url, headers: json, payload });
      assert.deepEqual([response.statusCode, response.json().error.code], [400, code], payload.toString());
    }
    assert.equal(inference.requests.length, 0);
  });

  it('with keys that reach into prototypes are refused by name', async (t) => {
    const { inject } = await startApp(t);
    for (const [payload, param] of [
      ['{"model":"m","prompt":"x","__proto__":{"n":2}}', '__proto__'],
      ['{"model":"m","prompt":"x","\\u005f_proto__":1}', '__proto__'],
      ['{"model":"m","prompt":"x","constructor":{"prototype":{"n":2}}}', 'constructor'],
      ['{"model":"m","messages":[{"__proto__":null}]}', 'messages.0.__proto__'],
    ] as const) {
      const response = await inject({ method: 'POST', url, headers: json, payload });
      const { error, detail } = response.json();
      assert.deepEqual([response.statusCode, error.code, error.param], [400, 'prototype_key', param]);
      assert.match(detail, /__proto__|constructor/);
    }
    const text = { model: 'm', prompt: 'a __proto__ and a constructor' };
    assert.equal((await inject({ method: 'POST', url, payload: text })).statusCode, 200);
  });

  it('with half a character are refused, with its place', async (t) => {
    const { inject, inference, store } = await startApp(t);
    const cases = [
      ['POST', url, '{"model":"m","prompt":"a\\ud83d"}', 'prompt'],
      ['POST', url, '{"model":"m","prompt":["a","\\uDE00b"]}', 'prompt.1'],
      ['POST', url, '{"model":"m","prompt":"x","\\ud800":1}', undefined],
      [
        'POST',
        '/v1/chat/completions',
        '{"model":"m","messages":[{"role":"user","content":"\\ud83d"}]}',
        'messages.0.content',
      ],
      ['POST', '/v1/tasks/m/classify', '{"inputs":["x"],"labels":["a\\udfff","b"]}', 'labels.0'],
      ['POST', '/v1/tasks/m/score', '{"inputs":[{"text":"\\ud800","target":"b"}]}', 'inputs.0.text'],
      ['PUT', '/v1/tasks/m', '{"description":"\\ud83d "}', 'description'],
      ['POST', '/tokenize', '{"text":"\\ude00\\ud83d"}', 'text'],
      ['POST', '/tokenize', '"\\ud83d"', undefined],
    ] as const;
    for (const [method, path, payload, param] of cases) {
      const response = await inject({ method, url: path, headers: json, payload });
      const { error, param: given } = response.json();
      assert.deepEqual([response.statusCode, error.code, given], [400, 'lone_surrogate', param], payload);
    }
    assert.deepEqual([inference.requests.length, store.countTasks()], [0, 0]);
    const whole = await inject({
      method: 'POST',
      url,
      headers: json,
      payload: '{"model":"m","prompt":"\\ud83d\\ude00"}',
    });
    assert.equal(whole.statusCode, 200);
    const [request] = inference.requests;
    assert.deepEqual(request && 'prompts' in request && request.prompts, ['😀']);
  });

  it('may carry any Unicode text, a byte order mark and a charset', async (t) => {
    const { inject, inference } = await startApp(t);
    const prompt = 'é 漢字 😀 \u0000 \u2028';
    const payload = `\ufeff${JSON.stringify({ model: 'm', prompt })}`;
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    assert.equal((await inject({ method: 'POST', url, headers, payload })).statusCode, 200);
    const [request] = inference.requests;
    assert.deepEqual(request && 'prompts' in request && request.prompts, [prompt]);
  });

  it('of another media type are refused', async (t) => {
    const { inject } = await startApp(t);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const headers = { 'content-type': type };
      const response = await inject({ method: 'POST', url, headers, payload: '{"model":"m","prompt":"x"}' });
      assert.equal(response.statusCode, 415);
      assert.deepEqual([response.json().expected, response.json().given], ['application/json', type]);
    }
  });

  it('with a coded body or another charset are refused before the body is read', async (t) => {
    const { inject, inference } = await startApp(t);
    const payload = JSON.stringify({ model: 'm', prompt: 'x' });
    const send = (headers: Record<string, string>, body: string | Buffer = payload) =>
      inject({ method: 'POST', url, headers: { ...json, ...headers }, payload: body });
    const refused = [
      [{ 'content-encoding': 'gzip' }, gzipSync(payload), 'unsupported_content_encoding', 'gzip'],
      [{ 'content-encoding': 'br' }, payload, 'unsupported_content_encoding', 'br'],
      [{ 'content-encoding': 'identity, gzip' }, payload, 'unsupported_content_encoding', 'identity, gzip'],
      [{ 'content-type': 'application/json; charset=latin1' }, payload, 'unsupported_charset', 'latin1'],
      [{ 'content-type': 'application/json;charset="UTF-16"' }, payload, 'unsupported_charset', 'utf-16'],
    ] as const;
    for (const [headers, body, code, given] of refused) {
      const response = await send(headers, body);
      const { error, given: named } = response.json();
      assert.deepEqual([response.statusCode, error.code, named], [415, code, given]);
    }
    assert.equal(inference.requests.length, 0);
    for (const headers of [
      { 'content-encoding': 'identity' },
      { 'content-type': 'application/json; charset="UTF-8"' },
      { 'content-type': 'Application/JSON;charset=utf8' },
    ]) {
      assert.equal((await send(headers as Record<string, string>)).statusCode, 200, JSON.stringify(headers));
    }
    const upload = { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' };
    const path = '/v1/tasks/mood/prompts';
    assert.equal(
      (await inject({ method: 'POST', url: path, headers: upload, payload: 'abc' })).statusCode,
      415,
    );
  });

  it('have one spelling: no slash at the end, no unknown query parameters', async (t) => {
    const { inject } = await startApp(t);
    for (const path of [
      '/info',
      '/v1/models',
      '/v1/tasks',
      '/v1/tasks/mood',
      '/v1/tasks/mood/prompts',
      '/metrics',
    ]) {
      const slash = await inject({ url: `${path}/` });
      assert.deepEqual([slash.statusCode, slash.json().error.code], [404, 'route_not_found'], path);
      const query = await inject({ url: `${path}?x=1` });
      assert.deepEqual(
        [query.statusCode, query.json().error.code, query.json().param],
        [400, 'unknown_field', 'x'],
        path,
      );
    }
    const posted = await inject({
      method: 'POST',
      url: `${url}?stream=1`,
      payload: { model: 'm', prompt: 'x' },
    });
    assert.deepEqual([posted.statusCode, posted.json().param], [400, 'stream']);
    assert.equal((await inject({ url: '/docs/' })).statusCode, 200);
  });

  it('that are too large are refused with the limit', async (t) => {
    const { inject } = await startApp(t, { bodyBytes: 100 });
    const payload = { model: 'm', prompt: 'x'.repeat(100) };
    const response = await inject({ method: 'POST', url, payload });
    assert.deepEqual([response.statusCode, response.json().expected], [413, 'at most 100 bytes']);
  });

  it('that are too large get their answer while the client still sends', async (t) => {
    const { listen } = await startApp(t, { bodyBytes: 1000 });
    const port = Number(new URL(await listen()).port);
    const size = 20_000_000;
    for (const path of ['/tokenize', '/v1/tasks/mood/prompts']) {
      const type = path === '/tokenize' ? 'application/json' : 'application/octet-stream';
      const socket = connect(port, '127.0.0.1');
      let failure: unknown = null;
      socket.on('error', (error) => {
        failure = error;
      });
      let text = '';
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${size}\r\n\r\n`,
      );
      // Like a simple client: everything is sent before anything is read.
      for (let sent = 0; sent < size && failure === null; sent += 1_000_000) {
        await new Promise((resolve) => socket.write(Buffer.alloc(1_000_000, 0x20), resolve));
      }
      socket.on('data', (chunk) => {
        text += chunk;
      });
      while (!text.includes('body_too_large') && failure === null) await once(socket, 'data');
      assert.equal(failure, null, path);
      assert.match(text, /^HTTP\/1\.1 413 /);
      socket.destroy();
    }
  });

  it('get 406 for a type that the operation does not produce', async (t) => {
    const { inject } = await startApp(t);
    const payload = { model: 'm', prompt: 'x' };
    const status = async (accept: string) =>
      (await inject({ method: 'POST', url, payload, headers: { accept } })).statusCode;
    assert.equal(await status('text/html'), 406);
    assert.equal(await status('application/json;q=0, text/html'), 406);
    for (const accept of [
      'application/json',
      'text/event-stream',
      '*/*',
      'text/html, application/*;q=0.5',
      '',
    ]) {
      assert.equal(await status(accept), 200, accept);
    }
    const prometheus = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    assert.equal((await inject({ url: '/metrics', headers: { accept: prometheus } })).statusCode, 200);
    assert.equal(
      (await inject({ url: '/metrics', headers: { accept: 'application/json' } })).statusCode,
      406,
    );
  });

  it('get 404 for an unknown path and 405 with Allow for a wrong method', async (t) => {
    const { inject } = await startApp(t);
    const unknown = await inject({ url: '/v2/nothing?secret=1' });
    assert.deepEqual([unknown.statusCode, unknown.json().error.code], [404, 'route_not_found']);
    assert.ok(!unknown.body.includes('secret'));
    for (const [method, path, allow] of [
      ['GET', url, 'POST'],
      ['POST', '/v1/tasks/mood', 'DELETE, GET, HEAD, PUT'],
      ['DELETE', '/v1/models', 'GET, HEAD'],
      ['PATCH', '/v1/tasks/mood/prompts', 'GET, HEAD, POST'],
      ['OPTIONS', '/openapi.json', 'GET, HEAD'],
    ] as const) {
      const response = await inject({ method, url: path });
      assert.deepEqual([response.statusCode, response.headers.allow], [405, allow], path);
      assert.equal(response.json().error.code, 'method_not_allowed');
    }
  });

  it('with a broken path are refused', async (t) => {
    const { inject, app } = await startApp(t);
    const response = await inject({ url: '/v1/models/%zz' });
    assert.deepEqual([response.statusCode, response.json().error.code], [400, 'malformed_url']);
    const long = await app.inject({ url: `/v1/models/${'x'.repeat(300)}` });
    assert.deepEqual([long.statusCode, long.json().error.code], [414, 'url_too_long']);
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
    assert.equal(response.headers['x-request-id'], response.json().request_id);
  });

  it('that are no HTTP get a problem document, too', async (t) => {
    const answer = await answers(t);
    assert.match(
      await answer('hello\r\n\r\n'),
      /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*malformed_http/,
    );
    assert.match(
      await answer('GET /info HTTP/1.1\r\nconnection: close\r\n\r\n'),
      /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*missing_host/,
    );
    assert.match(await answer('GET /info HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /);
    const coded =
      'POST /tokenize HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n';
    assert.match(
      await answer(`${coded}transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
      /^HTTP\/1\.1 415 [\s\S]*unsupported_transfer_encoding/,
    );
    const long = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`;
    assert.match(await answer(long), /^HTTP\/1\.1 431 [\s\S]*headers_too_large/);
  });

  it('with more than one Host are refused, whatever their path', async (t) => {
    const answer = await answers(t);
    for (const path of ['/info', '/docs', '/nothing']) {
      for (const hosts of ['host: x\r\nhost: y', 'Host: x\r\nHOST: x']) {
        assert.match(
          await answer(`GET ${path} HTTP/1.1\r\n${hosts}\r\nconnection: close\r\n\r\n`),
          /^HTTP\/1\.1 400 [\s\S]*duplicate_host/,
          path,
        );
      }
    }
  });

  it('with more headers than Node keeps are refused, as their rest would be lost', async (t) => {
    const answer = await answers(t);
    const request = (headers: number): string =>
      `GET /info HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${'a:\r\n'.repeat(headers - 2)}\r\n`;
    assert.match(await answer(request(2000)), /^HTTP\/1\.1 200 /);
    for (const headers of [2001, 2040, 5000]) {
      assert.match(await answer(request(headers)), /^HTTP\/1\.1 431 [\s\S]*headers_too_large/, `${headers}`);
    }
  });

  it('carry an id back to the client, its own if it is harmless', async (t) => {
    const { inject } = await startApp(t);
    const given = await inject({ url: '/info', headers: { 'x-request-id': 'trace-1' } });
    assert.equal(given.headers['x-request-id'], 'trace-1');
    for (const headers of [{}, { 'x-request-id': 'a b' }, { 'x-request-id': 'x'.repeat(129) }]) {
      const { 'x-request-id': id } = (await inject({ url: '/info', headers })).headers;
      assert.match(String(id), /^[0-9a-f-]{36}$/);
    }
  });

  it('for inference are refused while the service loads or drains', async (t) => {
    const test = await startApp(t);
    const requests = [
      [url, { model: 'm', prompt: 'x' }],
      ['/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'x' }] }],
      ['/v1/tasks/m/classify', { inputs: ['x'] }],
      ['/v1/tasks/m/score', { inputs: [{ text: 'x', target: 'y' }] }],
      ['/tokenize', { text: 'x' }],
      ['/detokenize', { ids: [97] }],
    ] as const;
    for (const phase of ['loading', 'draining'] as const) {
      test.phase = phase;
      for (const [path, payload] of requests) {
        const response = await test.inject({ method: 'POST', url: path, payload });
        assert.deepEqual([response.statusCode, response.json().error.code], [503, phase], path);
        assert.equal(response.headers['retry-after'], '5');
      }
    }
    test.phase = 'ready';
    for (const [path, payload] of requests) {
      assert.equal((await test.inject({ method: 'POST', url: path, payload })).statusCode, 200, path);
    }
  });
});

/** Sends bytes to a new app and resolves with all that comes back until the connection is closed. */
async function answers(t: TestContext): Promise<(bytes: string) => Promise<string>> {
  const { listen } = await startApp(t);
  const port = Number(new URL(await listen()).port);
  return async (bytes) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await once(socket, 'close');
    return text;
  };
}
