import {
  DomainError,
  deserializeError,
  type SerializedDomainError,
  serializeError,
} from '../domain/errors.ts';

/** An error on its way between two threads. */
export type Failure =
  /** A refusal for the caller. */
  | { readonly refusal: SerializedDomainError }
  /** A bug. Only its text crosses: cloning loses the message of a SqliteError. */
  | { readonly bug: { readonly message: string; readonly stack: string | undefined } };

export function describeFailure(error: unknown): Failure {
  if (error instanceof DomainError) return { refusal: serializeError(error) };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { bug: { message, stack } };
}

export function failureError(failure: Failure): Error {
  if ('refusal' in failure) return deserializeError(failure.refusal);
  return Object.assign(new Error(failure.bug.message), { stack: failure.bug.stack });
}
