import type { Interval } from '../../domain/evaluation.ts';
import { Random } from '../../domain/random.ts';
import { resampledMeans } from './resampled-means.ts';

/** Samples of an estimate. */
export const RESAMPLES = 2000;
/** Part of the samples inside an interval. */
export const CONFIDENCE = 0.95;

/** Of two means: how far one is above the other. */
export interface Difference {
  readonly difference: number;
  readonly interval: Interval;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * The percentile interval of a mean (Efron and Tibshirani 1993, chapter 13). Of values that are all the same it has no
 * width, however few they are.
 * @param values at least one
 */
export async function meanInterval(values: Float64Array, seed: number): Promise<Interval> {
  return percentiles(await resampledMeans(values, RESAMPLES, new Random(seed)));
}

/**
 * The paired bootstrap of two systems on the same rows (Koehn 2004; Berg-Kirkpatrick, Burkett and Klein 2012): rows are
 * drawn, each with what both did on it. p is the part of the samples whose difference is at least as far from the measured one as
 * that is from 0, the sample itself counted (Phipson and Smyth 2010), so it is never 0.
 * @param differences what one has more than the other on each row; at least one row
 */
export async function pairedDifference(differences: Float64Array, seed: number): Promise<Difference> {
  return differenceOf(mean(differences), await resampledMeans(differences, RESAMPLES, new Random(seed)));
}

/** The same for different rows: both sides are drawn by themselves. */
export async function unpairedDifference(
  values: Float64Array,
  reference: Float64Array,
  seed: number,
): Promise<Difference> {
  const random = new Random(seed);
  const own = await resampledMeans(values, RESAMPLES, random);
  const other = await resampledMeans(reference, RESAMPLES, random);
  return differenceOf(
    mean(values) - mean(reference),
    own.map((value, r) => value - other[r]!),
  );
}

function differenceOf(difference: number, samples: Float64Array): Difference {
  // Equal differences may differ by a rounding error.
  const bound = Math.abs(difference) - 1e-12;
  const beyond = samples.reduce((sum, it) => sum + (Math.abs(it - difference) >= bound ? 1 : 0), 0);
  const pValue = (beyond + 1) / (samples.length + 1);
  return { difference, interval: percentiles(samples), pValue };
}

/** The middle {@link CONFIDENCE} of the samples, between two of them in proportion. */
function percentiles(samples: Float64Array): Interval {
  const sorted = samples.slice().sort();
  const tail = (1 - CONFIDENCE) / 2;
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

function quantile(sorted: Float64Array, part: number): number {
  const at = part * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
