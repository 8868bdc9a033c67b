import { addDistributions, type Distribution } from '../domain/distribution.ts';
import type { CoreStats } from './core-contract.ts';

type Count = number | Distribution;

/**
 * What grows, over one worker after the other: each begins at 0, the sums never go back. What a worker counted after
 * the last snapshot before its end is lost.
 */
export class Totals {
  private readonly before = new Map<string, Count>();
  private latest: CoreStats | null = null;

  /** The same snapshot, what grows with that of the workers before. */
  of(stats: CoreStats): CoreStats {
    this.latest = stats;
    return Object.fromEntries(
      Object.entries(stats).map(([field, value]: [string, Count]) => [field, this.sum(field, value)]),
    ) as unknown as CoreStats;
  }

  /** The worker has ended; the next one counts from 0. */
  keep(): void {
    for (const [field, value] of Object.entries(this.latest ?? {}) as [string, Count][]) {
      if (field.endsWith('Total') || typeof value === 'object')
        this.before.set(field, this.sum(field, value));
    }
    this.latest = null;
  }

  private sum(field: string, value: Count): Count {
    const before = this.before.get(field);
    if (before === undefined) return value;
    if (typeof before === 'number' || typeof value === 'number') return Number(before) + Number(value);
    return addDistributions(before, value);
  }
}
