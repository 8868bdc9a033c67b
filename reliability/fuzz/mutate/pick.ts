import { integerBelow, type Random } from '../../../bench/random.ts';

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[integerBelow(random, items.length)]!;
}

/** A place in [0, length], and one not before it: short ranges are likelier than long ones. */
export function range(random: Random, length: number): readonly [start: number, end: number] {
  const start = integerBelow(random, length + 1);
  const most = random() < 0.75 ? Math.min(8, length - start) : length - start;
  return [start, start + integerBelow(random, most + 1)];
}
