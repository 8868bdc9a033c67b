import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { AppDependencies, HttpLimits } from '../dependencies.ts';
import { InFlight } from '../in-flight.ts';
import type { HttpMetrics } from '../metrics/http-metrics.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly inFlight: InFlight;
  }
}

/**
 * Cuts connections whose client does not read what waits for it, and those without a request; bounds their number.
 * While the service drains every answer asks its client to close the connection. The time without progress is the
 * server's `timeout`: Node counts it as progress when the system takes bytes of a write.
 */
export function boundConnections(
  app: FastifyInstance,
  { state, log }: Pick<AppDependencies, 'state' | 'log'>,
  { connections }: HttpLimits,
  metrics: HttpMetrics,
): void {
  const { server } = app;
  const inFlight = new InFlight(server);
  app.decorate('inFlight', inFlight);
  server.maxConnections = connections;
  server.on('drop', () => metrics.connectionDropped());
  server.on('timeout', (socket: Socket) => {
    const waits = socket.writableLength > 0;
    // A request that is still computed is quiet, too.
    if (!waits && inFlight.on(socket)) return;
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
