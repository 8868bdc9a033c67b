import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import { HUB_DEFAULTS, type HubClientOptions, hubUnavailable } from './hub-request.ts';

const MAX_WAIT_MS = 30_000;

/** An answer whose status is no success. */
export class HttpStatusError extends Error {
  readonly status: number;
  /** Milliseconds that `Retry-After` asks for, or null. */
  readonly retryAfterMs: number | null;

  private constructor(response: Response) {
    super(`the answer is ${response.status} ${response.statusText}`.trimEnd());
    this.status = response.status;
    const seconds = response.headers.get('retry-after');
    this.retryAfterMs = seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1000 : null;
  }

  /** Also gives up the answer's body, which would hold the connection. */
  static async of(response: Response): Promise<HttpStatusError> {
    await response.body?.cancel();
    return new HttpStatusError(response);
  }

  /** May be gone at the next try. 416 is among them because the caller drops the part that caused it. */
  get transient(): boolean {
    return this.status === 408 || this.status === 416 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Runs a task against the Hub again after network errors and transient statuses, with doubling waits (or what
 * `Retry-After` asks, at most 30 s). A try that raised `progress` does not count. When the tries are used up,
 * or the status is lasting, rejects with `unavailable` hub_unavailable; refusals of the task and errors of the file
 * system pass through.
 */
export async function retry<T>(
  url: URL,
  options: HubClientOptions,
  task: () => Promise<T>,
  progress: () => Promise<number> = async () => 0,
): Promise<T> {
  let reached = await progress();
  for (let attempt = 1; ; attempt++) {
    try {
      return await task();
    } catch (error) {
      if (error instanceof DomainError || isFileError(error) || options.signal?.aborted) throw error;
      const now = await progress();
      if (now > reached) attempt = 1;
      reached = now;
      const lasting = error instanceof HttpStatusError && !error.transient;
      if (lasting || attempt >= (options.attempts ?? HUB_DEFAULTS.attempts)) {
        throw hubUnavailable(url.href, networkReason(error), error);
      }
      const asked = error instanceof HttpStatusError ? error.retryAfterMs : null;
      const doubling = (options.backoffMs ?? HUB_DEFAULTS.backoffMs) * 2 ** (attempt - 1);
      await sleep(Math.min(asked ?? doubling, MAX_WAIT_MS), undefined, { signal: options.signal });
    }
  }
}

const NETWORK_CALLS: ReadonlySet<string> = new Set(['connect', 'getaddrinfo', 'read', 'shutdown']);

/** What no other try and no other source cures. The errors of most network calls are causes of `fetch`'s own. */
function isFileError(error: unknown): boolean {
  const { syscall } = Object(error) as NodeJS.ErrnoException;
  return syscall !== undefined && !NETWORK_CALLS.has(syscall);
}

/** The reason of a failed request in one line, e.g. `connect ECONNREFUSED 127.0.0.1:443`. */
export function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  // A failed attempt on several addresses is an AggregateError with an empty message.
  return [cause.message || error.message, !cause.message.includes(code ?? '') && `(${code})`]
    .filter(Boolean)
    .join(' ');
}
