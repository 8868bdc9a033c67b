/** The middle of the values; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which `percent` of the values lie, interpolated linearly between neighbours. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('a percentile of no values');
  const sorted = values.toSorted((a, b) => a - b);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

/** A figure with the smallest and the largest value of its rounds. */
export interface Spread {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Median and range. */
export function spread(values: readonly number[]): Spread {
  return { value: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** Ratio of the medians; its range is that of the rounds, each of which measured both right after another. */
export function pairedRatio(above: readonly number[], below: readonly number[]): Spread {
  const rounds = above.slice(0, below.length).map((value, i) => value / below[i]!);
  return { ...spread(rounds), value: median(above) / median(below) };
}
