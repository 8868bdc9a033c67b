import type { onRequestAsyncHookHandler } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import type { ServiceState } from '../dependencies.ts';

/** Seconds after which a client may ask again while the service starts or stops. */
const RETRY_AFTER = 5;

/** Throws `unavailable` unless the service is ready. */
export function assertReady(state: ServiceState): void {
  const phase = state.phase();
  if (phase === 'ready') return;
  const message = phase === 'loading' ? 'The model is being loaded.' : 'The service is shutting down.';
  throw new DomainError('unavailable', phase, message, { retryAfter: RETRY_AFTER });
}

/** For routes that need the model: refuses with 503 before the body is read. */
export function requireReady(state: ServiceState): onRequestAsyncHookHandler {
  return async () => assertReady(state);
}
