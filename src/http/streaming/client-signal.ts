import { finished } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Aborts when the client's connection closes before the answer is complete. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // The response, not the request: a request also closes when its body is complete.
  finished(reply.raw, (error) => {
    if (error) controller.abort();
  });
  return controller.signal;
}
