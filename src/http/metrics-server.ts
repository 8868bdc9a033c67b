import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Metrics } from './metrics/metrics.ts';

/** More are closed at once: a few scrapers ask here, one after the other. */
const MAX_CONNECTIONS = 64;
/** Without a byte from or to a scraper. */
const IDLE_MS = 30_000;
const RECEIVE_MS = 5000;

/**
 * `GET /metrics` and nothing else, without a key, for scrapers that can present none. Who may reach its port is up to the
 * network.
 */
export function createMetricsServer(metrics: Pick<Metrics, 'render'>): Server {
  const limits = { requestTimeout: RECEIVE_MS, headersTimeout: RECEIVE_MS, maxHeaderSize: 16 * 1024 };
  const server = createServer(limits, (request, response) => {
    answer(metrics, request, response).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  return server;
}

async function answer(
  metrics: Pick<Metrics, 'render'>,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url !== '/metrics') response.writeHead(404).end();
  else if (method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
  else {
    const page = await metrics.render();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(page);
  }
}
