import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Usage } from '../../domain/inference.ts';
import type { HttpMetrics } from '../metrics/http-metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Tokens that the request used, for its log line; null where no model ran. */
    usage: Usage | null;
  }
}

/** The caller's own `x-request-id` if it is harmless in a log, else a new one. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}

/** One log line and one count a request, also when the client leaves early; `x-request-id` on every answer. */
export function observeRequests(app: FastifyInstance, metrics: HttpMetrics): void {
  app.decorateRequest('usage', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    const start = performance.now();
    metrics.requestStarted();
    // Not onResponse: Fastify does not call it when the client disconnects before the answer.
    finished(reply.raw, (error) => {
      const seconds = (performance.now() - start) / 1000;
      const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
      metrics.requestEnded(request.method, route, error ? 'aborted' : statusClass(reply), seconds);
      logRequest(request, reply, { route, seconds, aborted: error != null });
    });
  });
}

function statusClass({ raw }: FastifyReply): string {
  return `${Math.floor(raw.statusCode / 100)}xx`;
}

/** Says what happened, never what was said: no URL parameters, texts or outputs. */
function logRequest(
  { log, method, usage, principal }: FastifyRequest,
  reply: FastifyReply,
  { route, seconds, aborted }: { route: string; seconds: number; aborted: boolean },
): void {
  log.info(
    {
      method,
      route,
      status: reply.raw.statusCode,
      ...(principal.name !== null && { key: principal.name }),
      ...(aborted && { aborted }),
      ms: Math.round(seconds * 1000),
      ...(usage && { promptTokens: usage.promptTokens, completionTokens: usage.completionTokens }),
    },
    'request',
  );
}
