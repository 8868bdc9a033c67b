import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../reliability/support/free-port.ts';
import { Connection } from '../../src/store/shared/connection.ts';

const AWAY = { code: 'shared_store_unavailable', kind: 'unavailable' };

test('a connection that could not be made is refused at once for a while, and then made anew', async (t) => {
  const port = await freePort();
  const connection = new Connection(`postgres://127.0.0.1:${port}/x`);
  t.after(() => connection.close());
  const use = () => connection.use(async () => undefined);
  // More than one of them, one after the other: none may stay in the place of the connection.
  for (let i = 0; i < 3; i++) {
    await assert.rejects(use(), AWAY);
    // The failed one has said that it ended.
    await sleep(20);
  }
  const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  t.after(() => server.close());
  let tries = 0;
  server.on('connection', () => tries++);
  await assert.rejects(use(), AWAY);
  assert.equal(tries, 0);
  await sleep(600);
  await assert.rejects(use(), AWAY);
  assert.equal(tries, 1);
});

test('a server that takes connections and says nothing counts as away', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { readonly port: number };
  const connection = new Connection(`postgres://127.0.0.1:${port}/x`);
  t.after(() => connection.close());
  await assert.rejects(
    connection.use(async () => undefined),
    AWAY,
  );
});
