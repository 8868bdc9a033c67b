import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseTraceparent, type Span, type TraceIds, type Tracer } from '../../domain/tracing.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { onResponseEnd } from '../response-end.ts';
import { count, endOf, endSpan, logRequest } from './request-end.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Code of the refusal that the client was sent; null: none. */
    refusal: string | null;
    /** Null: requests are not traced. */
    span: Span | null;
  }
}

/** The caller's own `x-request-id` if it is harmless in a log, else a new one. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}

/**
 * One log line, one count and at most one span a request, also when the client leaves early; `x-request-id` on every
 * answer. The function that it returns does so for a request that the framework refuses without its hooks.
 */
export function observeRequests(
  app: FastifyInstance,
  metrics: Metrics,
  tracer: Tracer | null,
): (request: FastifyRequest, reply: FastifyReply) => void {
  app.decorateRequest('refusal', null);
  app.decorateRequest('inference', null);
  app.decorateRequest('span', null);

  function watch(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    const start = performance.now();
    const parent = parseTraceparent(header(request, 'traceparent'));
    const span = tracer?.startRequest(request.method, parent, header(request, 'tracestate')) ?? null;
    request.span = span;
    // A request that the framework refuses has none of the decorations.
    request.refusal = null;
    request.inference = null;
    addTraceIds(request, reply, span ?? parent);
    metrics.http.requestStarted();
    // Not onResponse: Fastify does not call it when the client disconnects before the answer.
    onResponseEnd(reply.raw, (error) => {
      const seconds = (performance.now() - start) / 1000;
      const end = endOf(request, reply, { seconds, aborted: error !== null });
      count(metrics, request, end);
      if (span !== null) endSpan(span, request, end);
      logRequest(request, end);
    });
  }

  app.addHook('onRequest', (request, reply, done) => {
    watch(request, reply);
    if (tracer !== null && request.span !== null) tracer.within(request.span, done);
    else done();
  });
  if (tracer !== null) {
    // Once more: what reads the body calls back from outside of the request.
    app.addHook('preValidation', (request, _reply, done) => {
      if (request.span !== null) tracer.within(request.span, done);
      else done();
    });
  }
  return watch;
}

function header({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** In every log line of the request; without a span of its own those of its caller. */
function addTraceIds(request: FastifyRequest, reply: FastifyReply, ids: TraceIds | null): void {
  if (ids === null) return;
  const log = request.log.child({ trace_id: ids.traceId, span_id: ids.spanId });
  request.log = log;
  reply.log = log;
}
