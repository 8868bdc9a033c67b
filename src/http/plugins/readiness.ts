import type { onRequestAsyncHookHandler } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import type { ServicePhase, ServiceState } from '../dependencies.ts';

/** Seconds after which a client may ask again while the service starts or stops. */
const RETRY_AFTER = 5;

const MESSAGES: Readonly<Record<Exclude<ServicePhase, 'ready'>, string>> = {
  loading: 'The model is being loaded.',
  restarting: 'The engine is being restarted.',
  draining: 'The service is shutting down.',
};

/** Throws `unavailable` unless the service is ready. */
export function assertReady(state: ServiceState): void {
  const phase = state.phase();
  if (phase === 'ready') return;
  throw new DomainError('unavailable', phase, MESSAGES[phase], { retryAfter: RETRY_AFTER });
}

/** For routes that need time but not the model: refuses with 503, before the body is read. */
export function requireRunning(state: ServiceState): onRequestAsyncHookHandler {
  return async () => assertReady(state);
}

/** For routes that need the model: refuses with 503, or with 429 when the queue is full, before the body is read. */
export function requireReady(state: ServiceState): onRequestAsyncHookHandler {
  return async () => {
    assertReady(state);
    state.assertRoom();
  };
}
