import { type Distribution, Spread } from '../domain/distribution.ts';
import { WAIT_BOUNDS } from './distributions.ts';

/** How long requests waited for their first run. */
export class QueueWaits {
  /** When the requests came that had no run yet, by `performance.now()`. */
  private readonly arrivals = new Map<number, number>();
  private readonly seconds = new Spread(WAIT_BOUNDS);

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
