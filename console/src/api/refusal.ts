/** What the server says when it refuses: a problem document (RFC 9457), or an error event of a stream. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  readonly expected: unknown;
  readonly given: unknown;
  /** Seconds after which it may be tried again. */
  readonly retryAfter: number | null;

  constructor(status: number, problem: Problem, retryAfter: number | null = null) {
    super(problem.detail ?? problem.error?.message ?? `The server answered with status ${status}.`);
    this.name = 'Refusal';
    this.status = status;
    this.code = problem.error?.code ?? 'unknown';
    this.param = problem.param ?? problem.error?.param ?? null;
    this.expected = problem.expected;
    this.given = problem.given;
    this.retryAfter = retryAfter;
  }
}

export interface Problem {
  readonly detail?: string;
  readonly param?: string;
  readonly expected?: unknown;
  readonly given?: unknown;
  readonly error?: { readonly message?: string; readonly param?: string | null; readonly code?: string };
}

/** The server was not reached, or the connection ended before the answer did. */
export class ConnectionLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionLost';
  }
}

/** Whether a caller gave up by itself, which is no failure. */
export const isAbort = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';
