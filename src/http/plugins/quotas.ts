import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import { onResponseEnd } from '../response-end.ts';
import type { CountFailure } from './access.ts';

const MINUTE_MS = 60_000;

/** Requests with a wrong or missing key that one address may send a minute. */
const MAX_FAILURES = 60;

/** Most keys and addresses that are counted at a time; the least recently seen are forgotten. */
const COUNTED = 10_000;

export interface Quotas {
  /** Requests of one key; 0: no limit. */
  readonly requestsPerMinute: number;
  /** Requests of one key that are answered at the same time; 0: no limit. */
  readonly concurrentRequests: number;
}

/** Prepares what {@link failureCounter} and {@link boundKeys} count with. */
export async function countRequests(app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    timeWindow: MINUTE_MS,
    cache: COUNTED,
    enableDraftSpec: true,
  });
}

/** Counts failed authentications by the address that they came from. */
export function failureCounter(app: FastifyInstance): CountFailure {
  const count = app.createRateLimit({ max: MAX_FAILURES, keyGenerator: ({ ip }) => ip });
  return async (request) => {
    const counted = await count(request);
    return counted.isAllowed || !counted.isExceeded;
  };
}

/** Bounds what each key asks for, counted under its name. Requests without a key are not bounded. */
export function boundKeys(app: FastifyInstance, { requestsPerMinute, concurrentRequests }: Quotas): void {
  if (requestsPerMinute > 0) app.addHook('onRequest', app.rateLimit(rateOf(requestsPerMinute)));
  if (concurrentRequests > 0) boundConcurrency(app, concurrentRequests);
}

const rateOf = (max: number): Parameters<FastifyInstance['rateLimit']>[0] => ({
  max,
  keyGenerator: ({ principal }) => principal.name ?? '',
  allowList: ({ principal }) => principal.name === null,
  errorResponseBuilder: (_request, { ttl }) =>
    new DomainError('contended', 'rate_limited', 'The key has sent too many requests in this minute.', {
      expected: `at most ${max} requests a minute`,
      retryAfter: ttl / 1000,
    }),
});

function boundConcurrency(app: FastifyInstance, most: number): void {
  const running = new Map<string, number>();
  app.addHook('onRequest', async ({ principal: { name } }, reply) => {
    if (name === null) return;
    const own = running.get(name) ?? 0;
    if (own >= most) {
      throw new DomainError('contended', 'too_many_requests', 'The key has too many requests running.', {
        expected: `at most ${most} at the same time`,
        given: own + 1,
        retryAfter: 1,
      });
    }
    running.set(name, own + 1);
    onResponseEnd(reply.raw, () => {
      const left = running.get(name)! - 1;
      if (left > 0) running.set(name, left);
      else running.delete(name);
    });
  });
}
