import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/principal.ts';
import type { Attributes, Span } from '../../domain/tracing.ts';
import type { EndedRequest } from '../metrics/http-metrics.ts';
import type { Outcome } from '../metrics/inference-metrics.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** What became of a request. */
export interface RequestEnd extends EndedRequest {
  readonly outcome: Outcome;
  /** `error.type`: the code of the refusal that the client saw, or `aborted`; null: it went well. */
  readonly error: string | null;
}

/** @param aborted the client left before the answer was complete */
export function endOf(
  request: FastifyRequest,
  { raw }: FastifyReply,
  { seconds, aborted }: { readonly seconds: number; readonly aborted: boolean },
): RequestEnd {
  const error = aborted ? 'aborted' : request.refusal;
  return {
    method: request.method,
    route: request.is404 ? null : (request.routeOptions.url ?? null),
    status: raw.headersSent ? raw.statusCode : null,
    aborted,
    seconds,
    outcome: aborted ? 'aborted' : error === null ? 'ok' : 'error',
    error,
  };
}

/** Once a request. */
export function count(metrics: Metrics, request: FastifyRequest, end: RequestEnd): void {
  metrics.http.requestEnded(end);
  if (end.outcome === 'error' && end.error !== null) metrics.http.refused(end.error);
  const { inference } = request;
  if (inference === null) return;
  const { operation, task, startedAt } = inference;
  const { outcome, error } = end;
  const seconds = (performance.now() - startedAt) / 1000;
  const usage = inference.usage();
  metrics.inference.ended({ operation, task, outcome, error, usage, seconds });
  if (inference.servedBy !== null)
    metrics.versions.counts.add(inference.servedBy, { outcome, usage, seconds });
}

/** Says what happened, never what was said: no URL, texts or outputs. */
export function logRequest(request: FastifyRequest, end: RequestEnd): void {
  const { log, inference } = request;
  // What the framework itself refuses has not come as far as its key.
  const key = (request.principal as Principal | undefined)?.name ?? null;
  const usage = inference?.usage() ?? null;
  log.info(
    {
      method: end.method,
      route: end.route ?? 'unknown',
      status: end.status,
      ...(key !== null && { key }),
      ...(end.outcome === 'error' && { code: end.error }),
      ...(end.aborted && { aborted: true }),
      ms: Math.round(end.seconds * 1000),
      ...(inference && { task: inference.task }),
      ...(usage && { promptTokens: usage.promptTokens, completionTokens: usage.completionTokens }),
    },
    'request',
  );
}

/** An answer that refuses is the client's fault up to 499, and no error of the server. */
export function endSpan(span: Span, request: FastifyRequest, end: RequestEnd): void {
  if (end.route !== null) span.rename(`${end.method} ${end.route}`);
  span.note(spanAttributes(request, end));
  const isServers = end.status === null || end.status >= 500 || end.status < 400;
  span.end(isServers ? end.error : null);
}

/** As OpenTelemetry's conventions for HTTP servers and for generative AI have them. */
function spanAttributes(
  { id, protocol, inference }: FastifyRequest,
  { method, route, status, error }: RequestEnd,
): Attributes {
  const usage = inference?.usage() ?? null;
  return {
    'http.request.method': method,
    'url.scheme': protocol,
    'softprompt.request.id': id,
    ...(route !== null && { 'http.route': route }),
    ...(status !== null && { 'http.response.status_code': status }),
    ...(error !== null && { 'error.type': error }),
    ...(inference && {
      'gen_ai.operation.name': inference.operation,
      'gen_ai.provider.name': 'softprompt',
      'gen_ai.request.model': inference.task,
      'gen_ai.response.finish_reasons': inference.finishReasons,
      ...(inference.servedBy !== null && { 'gen_ai.response.model': inference.servedBy }),
    }),
    ...(usage && {
      'gen_ai.usage.input_tokens': usage.promptTokens,
      'gen_ai.usage.output_tokens': usage.completionTokens,
      'softprompt.usage.virtual_tokens': usage.virtualTokens,
    }),
  };
}
