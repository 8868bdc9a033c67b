import type { CoreStats } from './core-contract.ts';

/**
 * Counters over one worker after the other: each begins at 0, the sums never go back. What a worker counted after the
 * last snapshot before its end is lost.
 */
export class Totals {
  private readonly before = new Map<string, number>();
  private latest: CoreStats | null = null;

  /** The same snapshot, its counters with those of the workers before. */
  of(stats: CoreStats): CoreStats {
    this.latest = stats;
    const sums = Object.entries(stats).map(([field, value]) => [
      field,
      value + (this.before.get(field) ?? 0),
    ]);
    return Object.fromEntries(sums);
  }

  /** The worker has ended; the next one counts from 0. */
  keep(): void {
    for (const [field, value] of Object.entries(this.latest ?? {})) {
      if (field.endsWith('Total')) this.before.set(field, value + (this.before.get(field) ?? 0));
    }
    this.latest = null;
  }
}
