import { createServer, type RequestListener, type Server } from 'node:http';
import type { HttpTimeouts } from './dependencies.ts';
import type { Turns } from './turns.ts';

/** How often Node looks for requests that are late. */
const LOOK_MS = 1000;

/** Bytes of all headers of a request; more are refused with 431. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Headers of a request; more are refused with 431. Node drops those beyond its own limit silently. */
const MAX_HEADERS = 2000;

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
    // Node's own refusal has no body; `requireOneHost` gives one.
    requireHostHeader: false,
  };
  const withinLimit: RequestListener = (request, response) => {
    if (request.rawHeaders.length <= 2 * MAX_HEADERS) return handle(request, response);
    // As for those with too many bytes, which Node finds itself.
    const error = Object.assign(new Error('Too many headers.'), { code: 'HPE_HEADER_OVERFLOW' });
    server.emit('clientError', error, request.socket);
  };
  const server = createServer(options, turns.inTurn(withinLimit));
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.setTimeout(timeouts.stall);
  return server;
}
