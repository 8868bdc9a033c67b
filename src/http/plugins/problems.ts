import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_MEDIA_TYPE, problemOf, type Refusal, refusalOf } from '../problem.ts';
import { excerpt } from './excerpt.ts';

/** Makes every error of every route, and every unknown route, a problem document. */
export function answerWithProblems(app: FastifyInstance): void {
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(answerNotFound);
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = ''] = request.url.split('?', 1);
  return sendProblem(request, reply, {
    status: 404,
    code: 'route_not_found',
    message: `There is nothing at ${request.method} ${excerpt(path)}.`,
  });
}

/** Errors outside the refusals are bugs: they are logged by their places and answered without their internals. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOfFastify(error, request) ?? refusalOf(error);
  // A client that left makes its request fail, too; that is no bug.
  if (refusal.status === 500 && !reply.raw.destroyed) request.log.error({ err: error }, 'request failed');
  // Fastify closes the connection after a body that it refused. A client that is still sending would then get
  // a broken pipe instead of the answer; on an open connection Node reads the rest and drops it.
  reply.removeHeader('connection');
  return sendProblem(request, reply, refusal);
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  request.refusal = refusal.code;
  reply.code(refusal.status).type(PROBLEM_MEDIA_TYPE).header('x-request-id', request.id);
  if (refusal.retryAfter !== undefined) reply.header('retry-after', Math.ceil(refusal.retryAfter));
  return reply.send(problemOf(refusal, request));
}

/** The framework's own refusals (body parsing, malformed URLs) in this service's words. */
function refusalOfFastify(error: unknown, request: FastifyRequest): Refusal | null {
  if (!isFastifyError(error)) return null;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return {
        status: 413,
        code: 'body_too_large',
        message: 'The request body is too large.',
        expected: `at most ${request.routeOptions.bodyLimit} bytes`,
        given: request.headers['content-length'] ?? 'more',
      };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return {
        status: 415,
        code: 'unsupported_media_type',
        message: 'This operation does not take a body of this type.',
        param: 'content-type',
        expected: 'application/json',
        given: request.headers['content-type'] ?? 'none',
      };
    case 'FST_ERR_BAD_URL':
      return { status: 400, code: 'malformed_url', message: 'The path holds a broken percent escape.' };
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return { status: 414, code: 'url_too_long', message: 'A part of the path is too long.' };
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return {
        status: 400,
        code: 'content_length_mismatch',
        message: 'The body is not as long as Content-Length says.',
        param: 'content-length',
        given: request.headers['content-length'],
      };
    default:
      return {
        status: error.statusCode,
        code: error.code.replace(/^FST_(ERR_)?/, '').toLowerCase(),
        message: error.message,
      };
  }
}

function isFastifyError(error: unknown): error is FastifyError & { statusCode: number } {
  const { code, statusCode } = Object(error);
  return typeof code === 'string' && code.startsWith('FST_') && statusCode >= 400 && statusCode < 500;
}
