/** How values are spread, as a histogram of Prometheus has it. */
export interface Distribution {
  /** Upper bounds, rising; a value belongs to the first that is not below it. */
  readonly bounds: readonly number[];
  /** Values by bound, and at the end those above the last. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Both together; they have the same bounds. */
export function addDistributions(one: Distribution, other: Distribution): Distribution {
  const counts = one.counts.map((count, i) => count + other.counts[i]!);
  return { bounds: one.bounds, counts, sum: one.sum + other.sum };
}

/** Counts values where they arise; {@link snapshot} is plain and crosses threads. */
export class Spread {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private sum = 0;

  /** @param bounds see {@link Distribution} */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    this.counts[index < 0 ? this.bounds.length : index]! += 1;
    this.sum += value;
  }

  snapshot(): Distribution {
    return { bounds: this.bounds, counts: [...this.counts], sum: this.sum };
  }
}
