import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors.ts';

/**
 * Reads `application/json` strictly: bytes that are not UTF-8 are refused instead of being replaced, and so are
 * the keys `__proto__` and `constructor`. An empty body counts as none, because clients send the header with it.
 */
export function acceptJson(app: FastifyInstance): void {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = decoder.decode(body);
    } catch {
      done(new DomainError('invalid', 'invalid_utf8', 'The body is not valid UTF-8.', { expected: 'UTF-8' }));
      return;
    }
    parse(request, text, done);
  });
}
