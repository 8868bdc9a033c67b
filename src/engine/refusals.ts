import { DomainError } from '../domain/errors.ts';

export function notFinite(): DomainError {
  return new DomainError(
    'unprocessable',
    'not_finite',
    'With this prompt and input the model computes numbers that are not finite.',
    { param: 'prompt_embeddings' },
  );
}

export function noHiddenState(): DomainError {
  return new DomainError(
    'unprocessable',
    'hidden_state_unsupported',
    'An encoder-decoder model does not go on with its input: there is no hidden state at its end.',
    { param: 'model', expected: 'a decoder-only model' },
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
