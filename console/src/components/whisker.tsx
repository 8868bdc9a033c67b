import type { Interval } from '../api/types.ts';
import { percent } from '../lib/format.ts';

interface Props {
  readonly value: number;
  readonly interval: Interval;
  /** What the whole width stands for. */
  readonly scale: Interval;
}

/** A value with its interval, on a scale that the rows of a table share. */
export function Whisker({ value, interval, scale: [low, high] }: Props) {
  const place = (at: number): string => `${((100 * (at - low)) / (high - low || 1)).toFixed(2)}%`;
  const width = (from: number, to: number): string =>
    `${((100 * (to - from)) / (high - low || 1)).toFixed(2)}%`;
  const title = `${percent(value)} (${percent(interval[0])} to ${percent(interval[1])})`;
  return (
    <span class="whisker" title={title} aria-hidden="true">
      <span class="range" style={{ left: place(interval[0]), width: width(...interval) }} />
      <span class="dot" style={{ left: place(value) }} />
    </span>
  );
}
