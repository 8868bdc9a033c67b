/**
 * What went wrong, in terms that a caller can act on. The HTTP layer maps each kind to one status
 * (`invalid` 400, `not_found` 404, ...); no other layer knows about statuses.
 */
export type ErrorKind =
  | 'invalid' // 400: the request does not fit its schema or a documented rule
  | 'unauthenticated' // 401
  | 'forbidden' // 403
  | 'not_found' // 404
  | 'conflict' // 409
  | 'precondition_failed' // 412
  | 'too_large' // 413
  | 'unsupported_media' // 415
  | 'unprocessable' // 422: well-formed, but wrong for this model
  | 'contended' // 429: the caller should slow down
  | 'unavailable' // 503: no capacity, loading or draining
  | 'storage_full' // 507
  | 'internal'; // 500: a fault of the service, not of the request

export interface ErrorDetails {
  /** The request field, tensor or file that is at fault, e.g. `max_tokens` or `prompt_embeddings`. */
  readonly param?: string;
  readonly expected?: unknown;
  readonly given?: unknown;
  /** Seconds after which a retry makes sense; required for `contended` and `unavailable`. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** A refusal that is meant for the caller. Anything else that is thrown is a bug and becomes a 500. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: ErrorKind;
  /** A stable identifier in snake_case, e.g. `token_dim_mismatch`. */
  readonly code: string;
  readonly param: string | undefined;
  readonly expected: unknown;
  readonly given: unknown;
  readonly retryAfter: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}) {
    const { stackTraceLimit } = Error;
    // Thousands a second under overload, and nobody reads where they come from.
    if (kind === 'contended') Error.stackTraceLimit = 0;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.kind = kind;
    this.code = code;
    this.param = details.param;
    this.expected = details.expected;
    this.given = details.given;
    this.retryAfter = details.retryAfter;
  }
}

/** The plain-object form of a {@link DomainError}, for crossing a thread boundary. */
export interface SerializedDomainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
}

export function serializeError(error: DomainError): SerializedDomainError {
  const { kind, code, message } = error;
  const details: ErrorDetails = {
    ...(error.param !== undefined && { param: error.param }),
    ...(error.expected !== undefined && { expected: error.expected }),
    ...(error.given !== undefined && { given: error.given }),
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  };
  return { kind, code, message, details };
}

export function deserializeError(plain: SerializedDomainError): DomainError {
  return new DomainError(plain.kind, plain.code, plain.message, plain.details);
}
