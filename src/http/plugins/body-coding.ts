import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import { excerpt } from './excerpt.ts';
import { isRefused } from './methods.ts';

/**
 * Refuses bodies that are not sent as they are: compressed ones, and JSON in another charset than UTF-8. Read
 * without a look at these headers they would be broken JSON, or another text. Throws `unsupported_media`
 * unsupported_content_encoding, unsupported_transfer_encoding and unsupported_charset, before the body is read.
 */
export function requirePlainBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (!hasBody(request)) return;
    const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
    if (coding !== '' && coding !== 'identity') {
      throw new DomainError(
        'unsupported_media',
        'unsupported_content_encoding',
        `A body is sent without a content coding; this one says "${excerpt(coding)}".`,
        { param: 'content-encoding', expected: 'identity', given: excerpt(coding) },
      );
    }
    const transfer = request.headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
    if (transfer !== 'chunked') {
      throw new DomainError(
        'unsupported_media',
        'unsupported_transfer_encoding',
        'A body is sent chunked or with its length, without another transfer coding.',
        { param: 'transfer-encoding', expected: 'chunked', given: excerpt(transfer) },
      );
    }
    const charset = charsetOf(request.headers['content-type'] ?? '');
    if (charset !== null && charset !== 'utf-8' && charset !== 'utf8') {
      throw new DomainError(
        'unsupported_media',
        'unsupported_charset',
        `JSON is taken in UTF-8 only; this body says "${excerpt(charset)}".`,
        { param: 'content-type', expected: 'utf-8', given: excerpt(charset) },
      );
    }
  });
}

/** Whether there is a body that somebody will read. */
function hasBody(request: FastifyRequest): boolean {
  const { headers, method } = request;
  if (method === 'GET' || method === 'HEAD' || isRefused(request)) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The charset that a JSON media type names, in lower case. */
function charsetOf(contentType: string): string | null {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (type.trim() !== 'application/json') return null;
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/.exec(parameter)?.[1]);
  return charset.find((name) => name !== undefined) ?? null;
}
