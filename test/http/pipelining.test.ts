import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MULTIPART_HEADERS } from '../support/multipart.ts';
import { startApp } from './harness.ts';

const GET_TASKS = 'GET /v1/tasks HTTP/1.1\r\nhost: x\r\n\r\n';
const GET_DOCUMENT = 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n';

function post(path: string, body: string, type = 'application/json'): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const completion = (prompt: string): string =>
  post('/v1/completions', JSON.stringify({ model: 'mood', prompt }));

async function dial(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Until so many answers have begun. */
async function answers(socket: Socket, count: number): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.split('HTTP/1.1 ').length > count) break;
  }
  return text;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 200 && !isTrue(); turn++) await sleep(5);
  assert.ok(isTrue(), what);
}

describe('requests that one connection sends ahead', () => {
  it('are answered one after the other, in their order, with their bodies', async (t) => {
    const { listen, inference } = await startApp(t);
    inference.delayMs = 30;
    const socket = await dial(await listen());
    const last = completion('d');
    const burst = [completion('a'), GET_TASKS, completion('b'), completion('c')].join('');
    socket.write(burst + last.slice(0, -10));
    await until(() => inference.requests.length > 0, 'the first has begun');
    await sleep(15);
    assert.equal(inference.requests.length, 1, 'the others wait');
    socket.write(last.slice(-10));
    const text = await answers(socket, 5);
    assert.deepEqual(
      [...text.matchAll(/"object":"(\w+)"/g)]
        .map(([, object]) => object)
        .filter((object) => object !== 'task'),
      ['text_completion', 'list', 'text_completion', 'text_completion', 'text_completion'],
    );
    socket.destroy();
  });

  it('leave nothing behind when their client leaves', async (t) => {
    const { listen, inference, inject, app } = await startApp(t, { concurrentUploads: 2 });
    inference.endless = 'piece ';
    const url = await listen();
    const socket = await dial(url);
    const upload = post('/v1/tasks/mood/prompts', 'abc', 'application/octet-stream');
    socket.write(completion('a') + upload.repeat(20) + completion('b').repeat(20));
    await until(() => inference.signals.length > 0, 'the first has begun');
    socket.destroy();
    await inference.stopped;
    await app.inFlight.none();
    const { body } = await inject({ method: 'GET', url: '/metrics' });
    assert.match(body, /^http_server_active_requests 1$/m, 'the look itself');
    const placed = await inject({
      method: 'POST',
      url: '/v1/tasks/mood/prompts',
      headers: { 'content-type': 'application/octet-stream' },
      payload: 'abc',
    });
    assert.equal(placed.statusCode, 201, 'no place for uploads is lost');
  });

  it('let others have their turn in between', async (t) => {
    const { listen } = await startApp(t);
    const url = await listen();
    const socket = await dial(url);
    const document = await (await fetch(`${url}/openapi.json`)).text();
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.write(GET_DOCUMENT.repeat(101));
    await until(() => received > 0, 'the first is answered');
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    assert.ok(received < 50 * document.length, `${received} bytes came before`);
    await until(() => received > 101 * document.length, 'all are answered');
    socket.destroy();
  });

  it('are not kept beyond a hundred: the connection is cut and counted', async (t) => {
    const { listen, inference, inject } = await startApp(t);
    inference.endless = 'piece ';
    const socket = await dial(await listen());
    socket.resume();
    socket.write(completion('a') + GET_TASKS.repeat(1000));
    await once(socket, 'close');
    await inference.stopped;
    const { body } = await inject({ method: 'GET', url: '/metrics' });
    assert.match(body, /^softprompt_dropped_connections_total 1$/m);
  });

  it('of forms are read to their end', async (t) => {
    const { listen } = await startApp(t);
    const socket = await dial(await listen());
    const body = `--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--x--\r\n`;
    const form = post('/v1/files', body, String(MULTIPART_HEADERS['content-type']).replace(/=.*/, '=x'));
    socket.write(form + form + GET_TASKS);
    const text = await answers(socket, 3);
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ['400', '400', '200'],
    );
    socket.destroy();
  });
});

it('localhost is one address, on which every limit holds', async (t) => {
  const { app } = await startApp(t);
  await app.listen({ host: 'localhost', port: 0 });
  assert.equal(app.addresses().length, 1, JSON.stringify(app.addresses()));
});
