import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Requests by route pattern, never by URL: the number of series is fixed by the number of routes. */
export class HttpMetrics {
  readonly #requests: Counter<'method' | 'route' | 'status'>;
  readonly #duration: Histogram<'method' | 'route'>;
  readonly #inFlight: Gauge;
  readonly #stalled: Counter;
  readonly #dropped: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'softprompt_http_requests_total',
      help: 'Requests by route and status class; "aborted" when the client left before the answer was complete.',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'softprompt_http_request_duration_seconds',
      help: 'Time from the request to the last byte of the answer.',
      labelNames: ['method', 'route'],
      buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'softprompt_http_requests_in_flight',
      help: 'Requests that are being answered.',
      registers,
    });
    this.#stalled = new Counter({
      name: 'softprompt_http_stalled_readers_total',
      help: 'Connections that were cut because the client did not read its answer.',
      registers,
    });
    this.#dropped = new Counter({
      name: 'softprompt_http_dropped_connections_total',
      help: 'Connections that were refused because there were too many.',
      registers,
    });
  }

  requestStarted(): void {
    this.#inFlight.inc();
  }

  readerStalled(): void {
    this.#stalled.inc();
  }

  connectionDropped(): void {
    this.#dropped.inc();
  }

  requestEnded(method: string, route: string, status: string, seconds: number): void {
    this.#inFlight.dec();
    this.#requests.inc({ method, route, status });
    this.#duration.observe({ method, route }, seconds);
  }
}
