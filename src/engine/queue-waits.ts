import { type Distribution, Spread } from '../domain/distribution.ts';

/** Seconds: those of OpenTelemetry's time to the first token, of which the wait is a part, and longer ones. */
const BOUNDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60];

/** How long requests waited for their first run. */
export class QueueWaits {
  /** When the requests came that had no run yet, by `performance.now()`. */
  private readonly arrivals = new Map<number, number>();
  private readonly seconds = new Spread(BOUNDS);

  came(id: number): void {
    this.arrivals.set(id, performance.now());
  }

  /** It will have no run. */
  left(id: number): void {
    this.arrivals.delete(id);
  }

  /** It is in a run; the first one ends its wait. Milliseconds of it, or null when it had ended before. */
  begun(id: number): number | null {
    const arrived = this.arrivals.get(id);
    if (arrived === undefined) return null;
    this.arrivals.delete(id);
    const waitedMs = performance.now() - arrived;
    this.seconds.add(waitedMs / 1000);
    return waitedMs;
  }

  snapshot(): Distribution {
    return this.seconds.snapshot();
  }
}
