import { DomainError } from '../domain/errors.ts';
import { readVersion } from '../version.ts';

/** How patient the Hub client is. Times are milliseconds. */
export interface HubClientOptions {
  /** Base URL without a trailing slash, e.g. `https://huggingface.co`. */
  readonly baseUrl: string;
  readonly signal?: AbortSignal | undefined;
  /** Until the first answer of the Hub; after it the Hub counts as unreachable. */
  readonly connectTimeoutMs?: number;
  /** Without a byte, once the Hub has answered. */
  readonly stallTimeoutMs?: number;
  /** Tries of one request, or of one file without any new byte. */
  readonly attempts?: number;
  /** First wait between tries; it doubles. */
  readonly backoffMs?: number;
}

export const HUB_DEFAULTS = {
  connectTimeoutMs: 5_000,
  stallTimeoutMs: 30_000,
  attempts: 5,
  backoffMs: 500,
} as const;

const MAX_REDIRECTS = 5;
const USER_AGENT = `softprompt/${readVersion()}`;

/** The Hub gave no usable answer; another source may. */
export function hubUnavailable(url: string, reason: string, cause?: unknown): DomainError {
  return new DomainError('unavailable', 'hub_unavailable', `${url}: ${reason}`, {
    param: 'model',
    retryAfter: 60,
    cause,
  });
}

/** A limit on silence. `touch` starts the time anew; `signal` aborts when it has passed. */
export class Watchdog {
  readonly signal: AbortSignal;
  private readonly timer: NodeJS.Timeout;

  constructor(ms: number, outer?: AbortSignal) {
    const controller = new AbortController();
    this.timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms} ms`)), ms);
    this.signal = outer ? AbortSignal.any([outer, controller.signal]) : controller.signal;
  }

  touch(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

export interface HubRequest {
  readonly method: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Decides at each redirect; the response is handed out as it is when this says no. Default: always. */
  readonly follow?: (response: Response, next: URL) => boolean;
}

/**
 * One request with its redirects (at most 5, http or https, never from https to http). Answers with any
 * status; rejects when there is no answer.
 */
export async function request(url: URL, { method, headers, signal, follow }: HubRequest): Promise<Response> {
  let current = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await fetch(current, {
      method,
      redirect: 'manual',
      signal,
      // A compressed body would make byte ranges and lengths those of the compressed form.
      headers: { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers },
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    const next = new URL(location, current);
    if (follow && !follow(response, next)) return response;
    await response.body?.cancel();
    if (next.protocol !== 'https:' && (next.protocol !== 'http:' || current.protocol === 'https:')) {
      throw hubUnavailable(url.href, `redirects to ${next.protocol}//, which is not followed`);
    }
    current = next;
  }
  throw hubUnavailable(url.href, `more than ${MAX_REDIRECTS} redirects`);
}
