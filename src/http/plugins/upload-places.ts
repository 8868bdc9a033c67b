import { finished } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors.ts';

/** Bounds the requests that `app` reads at the same time. Throws `contended` too_many_uploads before the body is read. */
export function boundUploads(app: FastifyInstance, most: number): void {
  let running = 0;
  app.addHook('onRequest', async (_request, reply) => {
    if (running >= most) {
      throw new DomainError('contended', 'too_many_uploads', 'Too many uploads at the same time.', {
        expected: `at most ${most}`,
        retryAfter: 1,
      });
    }
    running += 1;
    finished(reply.raw, () => {
      running -= 1;
    });
  });
}
