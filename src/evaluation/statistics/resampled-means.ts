import { setImmediate } from 'node:timers/promises';
import type { Random } from '../../domain/random.ts';
import { BinomialDraws } from './binomial.ts';

/** Time after which other requests get their turn. */
const TURN_MS = 5;

/**
 * Means of samples of n values, drawn from these n values with replacement (Efron 1979, the bootstrap).
 *
 * How often each distinct value comes in such a sample is multinomially distributed, and a multinomial draw is a chain of
 * binomial ones. So a sample costs one draw for each distinct value instead of one for each row, and the distribution is the
 * same: right and wrong of 20,000 rows are a single draw. What a contender gains on a row over another one is -1, 0 or 1:
 * two draws, where the pairs are kept.
 * @param values at least one
 */
export async function resampledMeans(
  values: Float64Array,
  resamples: number,
  random: Random,
): Promise<Float64Array> {
  const n = values.length;
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  // The most frequent first: then the later draws are small.
  const distinct = [...counts].sort(([, a], [, b]) => b - a);
  const draws = new BinomialDraws(n, random);
  return drawMeans(resamples, n, () => {
    let rows = n;
    let of = n;
    let sum = 0;
    for (const [value, count] of distinct) {
      if (rows === 0) break;
      const drawn = draws.draw(rows, count / of);
      sum += drawn * value;
      rows -= drawn;
      of -= count;
    }
    return sum;
  });
}

/**
 * Means of these n values, each with a sign of its own drawn evenly: what the mean could be if no side were better (Fisher's
 * randomisation test). Values of the same size share a binomial draw.
 * @param values at least one
 */
export async function signFlippedMeans(
  values: Float64Array,
  resamples: number,
  random: Random,
): Promise<Float64Array> {
  const n = values.length;
  const sizes = new Map<number, number>();
  for (const value of values) {
    if (value !== 0) sizes.set(Math.abs(value), (sizes.get(Math.abs(value)) ?? 0) + 1);
  }
  const draws = new BinomialDraws(n, random);
  return drawMeans(resamples, n, () => {
    let sum = 0;
    for (const [size, count] of sizes) sum += size * (2 * draws.draw(count, 0.5) - count);
    return sum;
  });
}

/** Means of n from their sums, in turns. */
async function drawMeans(resamples: number, n: number, drawSum: () => number): Promise<Float64Array> {
  const means = new Float64Array(resamples);
  let turn = performance.now();
  for (let r = 0; r < resamples; r++) {
    means[r] = drawSum() / n;
    if (performance.now() - turn < TURN_MS) continue;
    await setImmediate();
    turn = performance.now();
  }
  return means;
}
