import type { Interval } from '../../domain/evaluation.ts';
import { Random } from '../../domain/random.ts';
import { resampledMeans, signFlippedMeans } from './resampled-means.ts';

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
 * Two systems on the same rows. The interval is the paired bootstrap's (Koehn 2004): rows are drawn, each with what both did
 * on it. p is of the paired randomisation test (Fisher 1935; Dror et al. 2018): if both were the same, what one has more than
 * the other on a row could as well be what it has less. It is the part of such samples with a difference at least as large as
 * the measured one, the measured one counted (Phipson and Smyth 2010), so it is never 0, true for few rows as well, and 1 when
 * no row differs. Five rows won of five are 1 in 16, which the bootstrap would call certain: it sees no spread.
 * @param differences what one has more than the other on each row; at least one row
 */
export async function pairedDifference(differences: Float64Array, seed: number): Promise<Difference> {
  const random = new Random(seed);
  const difference = mean(differences);
  const interval = percentiles(await resampledMeans(differences, RESAMPLES, random));
  const flipped = await signFlippedMeans(differences, RESAMPLES, random);
  return { difference, interval, pValue: partAsFar(flipped, difference) };
}

/**
 * The same for different rows: both sides are drawn by themselves. p is the part of the samples at least as far from the
 * measured difference as that is from 0 (Berg-Kirkpatrick, Burkett and Klein 2012). With few rows it is too small.
 */
export async function unpairedDifference(
  values: Float64Array,
  reference: Float64Array,
  seed: number,
): Promise<Difference> {
  const random = new Random(seed);
  const own = await resampledMeans(values, RESAMPLES, random);
  const other = await resampledMeans(reference, RESAMPLES, random);
  const difference = mean(values) - mean(reference);
  const samples = own.map((value, r) => value - other[r]!);
  const deviations = samples.map((sample) => sample - difference);
  return { difference, interval: percentiles(samples), pValue: partAsFar(deviations, difference) };
}

/** The part of the samples that are at least as far from 0, with the measured one. */
function partAsFar(samples: Float64Array, measured: number): number {
  // Equal differences may differ by a rounding error.
  const bound = Math.abs(measured) - 1e-12;
  const beyond = samples.reduce((sum, sample) => sum + (Math.abs(sample) >= bound ? 1 : 0), 0);
  return (beyond + 1) / (samples.length + 1);
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
