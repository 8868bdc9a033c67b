import { DomainError } from '../domain/errors.ts';

export function notFinite(): DomainError {
  return new DomainError(
    'unprocessable',
    'not_finite',
    'With this prompt and input the model computes numbers that are not finite.',
    { param: 'prompt_embeddings' },
  );
}

export function waitedTooLong(): DomainError {
  return new DomainError('unavailable', 'queue_timeout', 'The request waited too long for its turn.', {
    retryAfter: 5,
  });
}

/** What a failed run is for its requests; the cause goes to the log, not to them. */
export function asDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('internal', 'engine_failure', 'The engine could not run the model.', {
    cause: error,
  });
}
