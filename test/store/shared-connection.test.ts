import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../../src/store/shared/connection.ts';

/** What a stand-in for PostgreSQL does with a statement; nothing: it does not answer. */
type Answer = (sql: string, socket: Socket) => void;

const framed = (type: string, body: Buffer | string): Buffer => {
  const bytes = Buffer.from(body as string);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
};

const READY = framed('Z', 'I');
const done = (sql: string) => Buffer.concat([framed('C', `${sql.split(' ')[0]}\0`), READY]);
const complaint = (severity: string, code: string, text: string) =>
  framed('E', `S${severity}\0V${severity}\0C${code}\0M${text}\0\0`);

const answering: Answer = (sql, socket) => socket.write(done(sql));

/** As much of PostgreSQL's protocol as a connection needs to begin, and statements without rows. */
class StandIn {
  answer: Answer = answering;
  port = 0;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();

  async start(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as { readonly port: number }).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server === null) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server = null;
    await closed;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let begun = false;
    // Statements are short, and one is sent when the other is answered: each comes as one piece.
    socket.on('data', (bytes) => {
      if (!begun) socket.write(Buffer.concat([framed('R', Buffer.alloc(4)), READY]));
      else if (bytes.toString('latin1', 0, 1) === 'Q')
        this.answer(bytes.toString('utf8', 5, bytes.length - 1), socket);
      begun = true;
    });
  }
}

async function standIn(
  t: TestContext,
): Promise<{ readonly server: StandIn; readonly connection: Connection }> {
  const server = new StandIn();
  await server.start();
  const connection = new Connection(`postgres://u@127.0.0.1:${server.port}/d`);
  t.after(async () => {
    connection.drop();
    await server.stop();
  });
  return { server, connection };
}

const ask = (connection: Connection) => connection.use((client) => client.query('SELECT'));
const write = (connection: Connection) => connection.transaction('BEGIN', async () => 'written');
const UNAVAILABLE = { code: 'shared_store_unavailable', kind: 'unavailable' };

test('a connection comes back, however often it was asked for meanwhile', async (t) => {
  const { server, connection } = await standIn(t);
  await ask(connection);
  await server.stop();
  // Those that come at once, and those that come while a new connection is not tried yet.
  await Promise.all(Array.from({ length: 5 }, () => assert.rejects(ask(connection), UNAVAILABLE)));
  for (let i = 0; i < 5; i++) {
    await assert.rejects(ask(connection), UNAVAILABLE);
    await sleep(5);
  }
  await server.start();
  await sleep(600);
  await ask(connection);
});

test('what fails on an old connection does not cut the new one', async (t) => {
  const { server, connection } = await standIn(t);
  const old = connection.use(async (client) => {
    connection.drop();
    await ask(connection);
    await client.query('SELECT');
  });
  await assert.rejects(old, UNAVAILABLE);
  assert.equal(server.connections, 1);
  await ask(connection);
});

test('what a server says while it ends leaves a commit unknown; what it refuses does not', async (t) => {
  const { server, connection } = await standIn(t);
  const committing = (answer: Answer): void => {
    server.answer = (sql, socket) => (sql === 'COMMIT' ? answer(sql, socket) : answering(sql, socket));
  };
  committing((_, socket) => socket.destroy());
  await assert.rejects(write(connection), { code: 'write_unknown', kind: 'unavailable' });
  committing((_, socket) => socket.end(complaint('FATAL', '57P01', 'terminating connection')));
  await assert.rejects(write(connection), { code: 'write_unknown', kind: 'unavailable' });
  committing((_, socket) => socket.write(Buffer.concat([complaint('ERROR', '40001', 'not serial'), READY])));
  await assert.rejects(write(connection), { code: 'storage_busy', kind: 'unavailable' });
  committing(answering);
  assert.equal(await write(connection), 'written');
});

test('a server that takes no writes, or lets no one in, is one that is away', async (t) => {
  const { server, connection } = await standIn(t);
  for (const code of ['25006', '28P01', '42P01', '53300', '57014']) {
    server.answer = (_, socket) => socket.write(Buffer.concat([complaint('ERROR', code, 'no'), READY]));
    await assert.rejects(ask(connection), UNAVAILABLE, code);
  }
  server.answer = (_, socket) => socket.write(Buffer.concat([complaint('ERROR', '42601', 'syntax'), READY]));
  await assert.rejects(
    ask(connection),
    { severity: 'ERROR', code: '42601' },
    'a fault of the program stays one',
  );
});

test('a connection to a server that is not there any more ends nevertheless', async (t) => {
  const { server, connection } = await standIn(t);
  server.answer = (sql, socket) => {
    answering(sql, socket);
    // Not even the end of the connection is seen.
    socket.pause();
  };
  await ask(connection);
  await connection.close();
});
