import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from './harness.ts';

const COMPLETION = { method: 'POST', url: '/v1/completions' } as const;
const BODY = { model: 'mood', prompt: 'x' };

/** A connection on which nothing is read or sent by itself. */
async function dial(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes until the server closes. */
async function rest(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

const post = (body: string, length = Buffer.byteLength(body)): string =>
  `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;

describe('readiness', () => {
  it('says why inference is refused, and the process lives on', async (t) => {
    const test = await startApp(t);
    for (const phase of ['loading', 'restarting', 'draining'] as const) {
      test.phase = phase;
      for (const options of [
        { method: 'GET', url: '/health/ready' } as const,
        { ...COMPLETION, payload: BODY },
      ]) {
        const response = await test.inject(options);
        const { statusCode, headers } = response;
        assert.deepEqual([statusCode, headers['retry-after'], response.json().error.code], [503, '5', phase]);
        assert.equal(headers.connection, phase === 'draining' ? 'close' : undefined);
      }
      assert.equal((await test.inject({ method: 'GET', url: '/health/live' })).statusCode, 200);
      assert.equal((await test.inject({ method: 'GET', url: '/info' })).json().status, phase);
    }
    test.phase = 'ready';
    assert.equal((await test.inject({ method: 'GET', url: '/health/ready' })).statusCode, 200);
  });

  it('is over when the store cannot be read', async (t) => {
    const { inject, store } = await startApp(t);
    store.getTask = () => {
      throw new Error('disk I/O error');
    };
    const response = await inject({ method: 'GET', url: '/health/ready' });
    assert.deepEqual([response.statusCode, response.json().error.code], [503, 'store_unreadable']);
    assert.ok(!response.body.includes('I/O'), 'the cause is not told');
  });
});

describe('admission', () => {
  it('refuses what a full queue could not take before the body is read', async (t) => {
    const test = await startApp(t);
    test.full = true;
    const socket = await dial(await test.listen());
    socket.write(post('{', 50_000));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.match(answer.toString(), /^HTTP\/1\.1 429 .*retry-after: 2.*"queue_full"/is);
    const listed = await test.inject({ method: 'GET', url: '/v1/tasks' });
    assert.equal(listed.statusCode, 200, 'what needs no engine is answered');
  });
});

describe('time limits', () => {
  it('of headers and bodies end in 408, and the connection closes', async (t) => {
    const test = await startApp(t, {}, { timeouts: { headers: 100, receive: 200 } });
    const url = await test.listen();
    const [silent, headers, body] = await Promise.all([dial(url), dial(url), dial(url)]);
    headers!.write('POST /v1/completions HTTP/1.1\r\nhost: x\r\n');
    body!.write(post('{"model":', 1000));
    for (const answer of await Promise.all([rest(silent!), rest(headers!), rest(body!)])) {
      assert.match(answer, /^HTTP\/1\.1 408 .*application\/problem\+json.*"request_timeout"/s);
    }
  });

  it('of an inference ends a stream with an error and [DONE], and stops the work', async (t) => {
    const { listen, inference } = await startApp(t, {}, { timeouts: { inference: 60 } });
    inference.endless = 'piece ';
    const response = await fetch(`${await listen()}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...BODY, stream: true }),
    });
    const events = (await response.text()).split('\n\n');
    assert.match(events.at(-3)!, /"code":"deadline_exceeded"/);
    assert.equal(events.at(-2), 'data: [DONE]');
    await inference.stopped;
  });

  it('of an inference becomes a problem where nothing was sent yet', async (t) => {
    const { inject, inference } = await startApp(t, {}, { timeouts: { inference: 30 } });
    inference.endless = 'piece ';
    const response = await inject({ ...COMPLETION, payload: BODY });
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '5']);
    assert.deepEqual(
      [response.json().error.code, response.json().expected],
      ['deadline_exceeded', 'at most 30 ms'],
    );
  });

  it('of idle connections close them, but not one whose answer is still computed', async (t) => {
    const { listen, inference } = await startApp(
      t,
      {},
      { timeouts: { stall: 100, keepAlive: 60_000, headers: 60_000 } },
    );
    const url = await listen();
    inference.delayMs = 400;
    const answer = fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(BODY),
    });
    const idle = await dial(url);
    assert.equal(await rest(idle), '', 'nothing came on it for longer than the limit');
    assert.equal((await answer).status, 200);
  });
});

describe('slow senders', () => {
  it('stay while they send, although they pause longer than a reader may', async (t) => {
    const { listen } = await startApp(t, {}, { timeouts: { stall: 100 } });
    const socket = await dial(await listen());
    const body = JSON.stringify(BODY);
    const answer = rest(socket);
    socket.write(post(body).replace('host: x', 'host: x\r\nconnection: close').slice(0, -body.length));
    for (const half of [body.slice(0, 10), body.slice(10)]) {
      await sleep(250);
      socket.write(half);
    }
    assert.match(await answer, /^HTTP\/1\.1 200 /);
  });
});

describe('slow readers', () => {
  it('are cut, counted and logged; the work for them ends', async (t) => {
    const { listen, inference, inject, logs } = await startApp(t, {}, { timeouts: { stall: 150 } });
    inference.endless = 'x'.repeat(64 * 1024);
    const url = await listen();
    const socket = await dial(url);
    socket.pause();
    socket.write(post(JSON.stringify({ ...BODY, stream: true })));
    await inference.stopped;
    const text = (await inject({ method: 'GET', url: '/metrics' })).body;
    assert.match(text, /^softprompt_stalled_readers_total 1$/m);
    assert.ok(
      logs.some(({ msg }) => String(msg).includes('does not read')),
      'it is logged',
    );
    socket.destroy();
  });

  it('that read at last stay', async (t) => {
    const { listen, inference } = await startApp(t, {}, { timeouts: { stall: 300 } });
    inference.endless = 'x'.repeat(64 * 1024);
    const socket = await dial(await listen());
    socket.pause();
    socket.write(post(JSON.stringify({ ...BODY, stream: true })));
    for (let reads = 0; reads < 6; reads++) {
      await sleep(100);
      socket.read();
    }
    assert.ok(!socket.destroyed && !inference.signals[0]!.aborted, 'it reads, although slowly');
    socket.destroy();
    await inference.stopped;
  });
});

describe('connections', () => {
  it('beyond the limit are closed and counted', async (t) => {
    const { listen, inject } = await startApp(t, { connections: 2 });
    const url = await listen();
    const held = [await dial(url), await dial(url)];
    const third = await dial(url);
    await once(third, 'close');
    assert.match(
      (await inject({ method: 'GET', url: '/metrics' })).body,
      /^softprompt_dropped_connections_total 1$/m,
    );
    for (const socket of held) socket.destroy();
  });
});
