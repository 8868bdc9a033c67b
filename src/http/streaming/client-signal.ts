import type { FastifyReply } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import { onResponseEnd } from '../response-end.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Milliseconds from the start of an inference to its end, see `inferenceSignal`. */
    readonly inferenceTimeout: number;
  }
}

/** Seconds after which a request that took too long may be sent again. */
const RETRY_AFTER = 5;

/** Aborts when the client's connection closes before the answer is complete. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  return endOf(reply).signal;
}

/** Aborts as well when the answer is not complete in time, with the reason `unavailable` deadline_exceeded. */
export function inferenceSignal(reply: FastifyReply): AbortSignal {
  const controller = endOf(reply);
  const { inferenceTimeout } = reply.server;
  const timer = setTimeout(() => controller.abort(tooLate(inferenceTimeout)), inferenceTimeout);
  onResponseEnd(reply.raw, () => clearTimeout(timer));
  return controller.signal;
}

function endOf(reply: FastifyReply): AbortController {
  const controller = new AbortController();
  // The response, not the request: a request also closes when its body is complete.
  onResponseEnd(reply.raw, (error) => {
    if (error !== null) controller.abort();
  });
  return controller;
}

function tooLate(most: number): DomainError {
  return new DomainError('unavailable', 'deadline_exceeded', 'The request took too long and was ended.', {
    expected: `at most ${most} ms`,
    retryAfter: RETRY_AFTER,
  });
}
