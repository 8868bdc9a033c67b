import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies, HttpLimits } from '../dependencies.ts';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import type { Turns } from '../turns.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Requests that are not answered yet. */
    readonly inFlight: Turns;
  }
}

interface ConnectionParts {
  readonly limits: HttpLimits;
  readonly turns: Turns;
  readonly metrics: HttpMetrics;
}

/**
 * Cuts connections whose client does not read what waits for it, and those without a request; bounds their number.
 * While the service drains every answer asks its client to close the connection. The time without progress is the
 * server's `timeout`: Node counts it as progress when the system takes bytes of a write.
 */
export function boundConnections(
  app: FastifyInstance,
  { state, log }: Pick<AppDependencies, 'state' | 'log'>,
  { limits, turns, metrics }: ConnectionParts,
): void {
  const { server } = app;
  app.decorate('inFlight', turns);
  server.maxConnections = limits.connections;
  server.on('drop', () => metrics.connectionDropped());
  server.on('timeout', (socket: Socket) => {
    const waits = socket.writableLength > 0;
    // A request that is still computed is quiet, too.
    if (!waits && turns.on(socket)) return;
    if (waits) {
      metrics.readerStalled();
      log.warn({ waitingBytes: socket.writableLength }, 'a client does not read its answer; it is cut');
    }
    socket.destroy();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (state.phase() === 'draining') reply.header('connection', 'close');
  });
}
