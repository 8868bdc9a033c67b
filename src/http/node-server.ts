import { createServer, type RequestListener, type Server } from 'node:http';
import type { HttpTimeouts } from './dependencies.ts';
import type { Turns } from './turns.ts';

/** How often Node looks for requests that are late. */
const LOOK_MS = 1000;

/** Bytes of all headers of a request; more are refused with 431. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Node's server under Fastify. Made here, because Fastify would make a second one for `localhost`, on which limits of
 * connections and the drain would not hold.
 */
export function createNodeServer(handle: RequestListener, timeouts: HttpTimeouts, turns: Turns): Server {
  const options = {
    requestTimeout: timeouts.receive,
    keepAliveTimeout: timeouts.keepAlive,
    headersTimeout: timeouts.headers,
    connectionsCheckingInterval: LOOK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node's own refusal has no body; `takeUrlsLiterally` gives one.
    requireHostHeader: false,
  };
  const server = createServer(options, turns.inTurn(handle));
  server.setTimeout(timeouts.stall);
  return server;
}
