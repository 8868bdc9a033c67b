import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a browser and a service, to break their connections at a certain place of the answers. */
export interface Relay {
  readonly url: string;
  /** After so many more bytes of answers all connections are cut, or hold and give nothing more. */
  after(bytes: number, end: 'cut' | 'hold'): void;
  /** Gives answers again. */
  heal(): void;
  close(): Promise<void>;
}

export async function startRelay(target: string): Promise<Relay> {
  const port = Number(new URL(target).port);
  const open = new Set<Socket>();
  let left = Infinity;
  let end: 'cut' | 'hold' = 'cut';
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      client.write(chunk.subarray(0, Math.min(chunk.length, left)));
      left -= chunk.length;
      if (left > 0) return;
      left = 0;
      // Only once the browser has what came before.
      if (end === 'cut') setTimeout(cut, 50);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    after(bytes, how) {
      left = bytes;
      end = how;
    },
    heal() {
      left = Infinity;
      // What was held back is lost: the connections end, and new ones are whole.
      cut();
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
