import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors.ts';

/**
 * Refuses a request of HTTP/1.1 without `Host`, and any with more than one (RFC 9112, section 3.2). Node keeps the first
 * and drops the others silently; a proxy may have decided by another.
 */
export function requireOneHost(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    const hosts = countHosts(raw.rawHeaders);
    if (hosts > 1) {
      throw new DomainError('invalid', 'duplicate_host', 'A request has one header Host.', {
        param: 'host',
        expected: 1,
        given: hosts,
      });
    }
    if (hosts === 0 && raw.httpVersion === '1.1') {
      throw new DomainError('invalid', 'missing_host', 'A request of HTTP/1.1 needs the header Host.', {
        param: 'host',
      });
    }
  });
}

/** @param headers names and values in turn */
function countHosts(headers: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}
