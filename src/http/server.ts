import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from './app.ts';
import type { AppDependencies } from './dependencies.ts';
import { createMetricsServer } from './metrics-server.ts';

/** Time that finished responses get to reach their clients when the server closes. */
const FLUSH_MS = 1000;

/** The HTTP server, for those who do not know what it is made of. */
export interface HttpServer {
  /** Resolves with `http://HOST:PORT`, with the port that was taken. */
  listen(host: string, port: number): Promise<string>;
  /** The same for a port that shows the metrics alone, to anyone who reaches it. */
  listenForScrapes(host: string, port: number): Promise<string>;
  /**
   * Goes on answering until no request is in flight, for at least `leastMs` and at most `mostMs`. What comes meanwhile
   * is refused by its route; connections without a request are closed.
   */
  drain(leastMs: number, mostMs: number): Promise<void>;
  /** Lets responses reach their clients; then cuts those who do not read, and connections without a request. */
  close(): Promise<void>;
}

export async function createHttpServer(dependencies: AppDependencies): Promise<HttpServer> {
  const app = await createApp(dependencies);
  const scrapes = createMetricsServer(app.metrics);
  return {
    async listen(host, port) {
      await app.listen({ host, port });
      return urlOf(app.server);
    },
    async listenForScrapes(host, port) {
      scrapes.listen(port, host);
      await once(scrapes, 'listening');
      return urlOf(scrapes);
    },
    async drain(leastMs, mostMs) {
      app.server.closeIdleConnections();
      const late = new AbortController();
      const deadline = sleep(mostMs, undefined, { signal: late.signal }).catch(() => undefined);
      await sleep(leastMs);
      await Promise.race([app.inFlight.none(), deadline]);
      late.abort();
    },
    async close() {
      scrapes.close();
      scrapes.closeAllConnections();
      const cut = setTimeout(() => app.server.closeAllConnections(), FLUSH_MS);
      await app.close();
      clearTimeout(cut);
    },
  };
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
