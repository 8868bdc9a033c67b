import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import { onResponseEnd } from '../response-end.ts';

export interface Places {
  /** Requests that are answered at the same time. */
  readonly most: number;
  /** Of the refusal. */
  readonly code: string;
  /** What they are, in the plural. */
  readonly what: string;
  /** Seconds. */
  readonly retryAfter: number;
}

/**
 * Bounds the requests that `app` answers at the same time, before their bodies are read: each holds memory. One key gets
 * half of the places, so that it cannot keep the others out. Throws `contended`.
 */
export function boundPlaces(app: FastifyInstance, { most, code, what, retryAfter }: Places): void {
  const mostOfKey = Math.max(1, Math.floor(most / 2));
  const refuse = (limit: number, whose: string): DomainError =>
    new DomainError('contended', code, `Too many ${what} at the same time.`, {
      expected: `at most ${limit}${whose}`,
      retryAfter,
    });
  let running = 0;
  const ofKeys = new Map<string, number>();
  app.addHook('onRequest', async ({ principal: { name } }, reply) => {
    const own = name === null ? 0 : (ofKeys.get(name) ?? 0);
    if (own >= mostOfKey) throw refuse(mostOfKey, ' of one key');
    if (running >= most) throw refuse(most, '');
    running += 1;
    if (name !== null) ofKeys.set(name, own + 1);
    onResponseEnd(reply.raw, () => {
      running -= 1;
      if (name === null) return;
      const left = ofKeys.get(name)! - 1;
      if (left > 0) ofKeys.set(name, left);
      else ofKeys.delete(name);
    });
  });
}
