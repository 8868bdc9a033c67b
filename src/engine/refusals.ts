import { DomainError } from '../domain/errors.ts';
import { LARGEST_HALF } from '../model/half.ts';

export function notFinite(): DomainError {
  return new DomainError(
    'unprocessable',
    'not_finite',
    'With this prompt and input the model computes numbers that are not finite.',
    { param: 'prompt_embeddings' },
  );
}

/** Finite numbers of a prompt that is given as keys and values, too large for how the model's are held. */
export function beyondFloat16(): DomainError {
  return new DomainError(
    'unprocessable',
    'beyond_float16',
    `The prompt holds keys or values beyond ${LARGEST_HALF}, and the model serves with those in float16.`,
    { param: 'prompt_embeddings', expected: `numbers up to ${LARGEST_HALF}` },
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

/** Seconds after which the engine may be there again. */
const RETRY_AFTER = 5;

export function stopped(): DomainError {
  return new DomainError('unavailable', 'engine_stopped', 'The engine has stopped.', {
    retryAfter: RETRY_AFTER,
  });
}

export function draining(): DomainError {
  return new DomainError('unavailable', 'draining', 'The server is shutting down.', {
    retryAfter: RETRY_AFTER,
  });
}

/** What a request gets that was in the engine when it ended. */
export function engineRestarted(): DomainError {
  return new DomainError('unavailable', 'engine_restarted', 'The engine ended and is being restarted.', {
    retryAfter: RETRY_AFTER,
  });
}

/** What a request gets while there is no engine. */
export function notLoaded(phase: 'loading' | 'restarting'): DomainError {
  const message = phase === 'loading' ? 'The model is being loaded.' : 'The engine is being restarted.';
  return new DomainError('unavailable', phase, message, { retryAfter: RETRY_AFTER });
}

/** What a failed run is for its requests; the cause goes to the log, not to them. */
export function asDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('internal', 'engine_failure', 'The engine could not run the model.', {
    cause: error,
  });
}

/** An ensemble needs all of its rows at once. @param rows that one request can have */
export function ensembleTooLarge(size: number, rows: number): DomainError {
  const tooMany = size > rows;
  return new DomainError(
    'unprocessable',
    'ensemble_too_large',
    tooMany
      ? `An ensemble of ${size} versions needs ${size} rows at once; a request has at most ${rows}.`
      : `There is no memory for ${size} rows of this length at once, which an ensemble of ${size} versions needs.`,
    {
      param: tooMany ? 'model' : 'max_tokens',
      expected: tooMany ? `at most ${rows} versions` : 'a shorter input and output',
      given: size,
    },
  );
}
