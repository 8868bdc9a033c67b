import { METHODS } from 'node:http';
import type { Counter, Gauge, Histogram } from 'prom-client';
import type { Instruments } from './instruments.ts';

/** Seconds; the recommendation of OpenTelemetry's `http.server.request.duration`, and longer ones for inference. */
const DURATION_BOUNDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120,
];

/** A request whose answer has ended. */
export interface EndedRequest {
  readonly method: string;
  /** Its pattern, never its URL: the number of series is fixed by the number of routes. Null: there is none. */
  readonly route: string | null;
  /** Null: the client left before the answer began. */
  readonly status: number | null;
  readonly aborted: boolean;
  readonly seconds: number;
}

/** Every request exactly once, under the names of OpenTelemetry's conventions for HTTP servers. */
export class HttpMetrics {
  readonly #duration: Histogram<
    'http_request_method' | 'http_route' | 'http_response_status_code' | 'error_type'
  >;
  readonly #active: Gauge;
  readonly #refusals: Counter<'code'>;
  readonly #stalled: Counter;
  readonly #dropped: Counter;

  constructor(instruments: Instruments) {
    this.#duration = instruments.histogram(
      'http_server_request_duration_seconds',
      'Time from the request to the last byte of the answer. error_type: "aborted" when the client left before ' +
        'that, else the status of a 5xx. Without a route: nothing is there.',
      DURATION_BOUNDS,
      ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    );
    this.#active = instruments.gauge('http_server_active_requests', 'Requests that are being answered.');
    this.#refusals = instruments.counter(
      'softprompt_refusals_total',
      'Answers that were a problem document or ended in an error event, by the code that the client saw.',
      ['code'],
    );
    this.#stalled = instruments.counter(
      'softprompt_stalled_readers_total',
      'Connections that were cut because the client did not read its answer.',
    );
    this.#dropped = instruments.counter(
      'softprompt_dropped_connections_total',
      'Connections that were closed because there were too many, or because too many requests waited on one.',
    );
  }

  requestStarted(): void {
    this.#active.inc();
  }

  readerStalled(): void {
    this.#stalled.inc();
  }

  connectionDropped(): void {
    this.#dropped.inc();
  }

  requestEnded({ method, route, status, aborted, seconds }: EndedRequest): void {
    this.#active.dec();
    const errorType = aborted ? 'aborted' : status !== null && status >= 500 ? String(status) : null;
    this.#duration.observe(
      {
        http_request_method: METHODS.includes(method) ? method : '_OTHER',
        ...(route !== null && { http_route: route }),
        ...(status !== null && { http_response_status_code: status }),
        ...(errorType !== null && { error_type: errorType }),
      },
      seconds,
    );
  }

  /** @param code as in the answer: of a set that the source code fixes */
  refused(code: string): void {
    this.#refusals.inc({ code });
  }
}
