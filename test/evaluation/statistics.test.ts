import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../src/domain/random.ts';
import { BinomialDraws } from '../../src/evaluation/statistics/binomial.ts';
import {
  meanInterval,
  pairedDifference,
  unpairedDifference,
} from '../../src/evaluation/statistics/bootstrap.ts';
import { resampledMeans } from '../../src/evaluation/statistics/resampled-means.ts';
import { seededRandom } from '../support/numbers.ts';

/** `counts` pairs of a value and how often it comes. */
const repeated = (...counts: readonly (readonly [value: number, times: number])[]): Float64Array =>
  Float64Array.from(counts.flatMap(([value, times]) => Array<number>(times).fill(value)));

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: Float64Array): number => {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};
const near = (given: number, expected: number, tolerance: number, what: string): void =>
  assert.ok(
    Math.abs(given - expected) <= tolerance,
    `${what}: ${given}, expected ${expected} ± ${tolerance}`,
  );

/** P(Z > z) of a standard normal Z (Abramowitz and Stegun 26.2.17; error below 1e-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const powers = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const series = powers.reduceRight((sum, c) => (sum + c) * t, 0);
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

describe('binomial draws', () => {
  it('have the probabilities of the distribution', () => {
    const [n, p, count] = [7, 0.3, 200_000];
    const draws = new BinomialDraws(n, new Random(5));
    const seen = new Array<number>(n + 1).fill(0);
    for (let i = 0; i < count; i++) seen[draws.draw(n, p)]! += 1;
    let chances = 1;
    let squares = 0;
    for (let k = 0; k <= n; k++) {
      const expected = chances * p ** k * (1 - p) ** (n - k) * count;
      squares += (seen[k]! - expected) ** 2 / expected;
      chances *= (n - k) / (k + 1);
    }
    // Chi-squared with 7 degrees of freedom: above 24.3 in one of 1,000 cases.
    assert.ok(squares < 24.3, `chi-squared ${squares}`);
  });

  it('have mean and deviation for many trials and for odd ones', () => {
    for (const [n, p] of [
      [100_000, 0.5],
      [100_000, 1e-5],
      [100_000, 0.99999],
      [1, 0.5],
    ] as const) {
      const draws = new BinomialDraws(n, new Random(1));
      const drawn = Float64Array.from({ length: 20_000 }, () => draws.draw(n, p));
      const deviation = Math.sqrt(n * p * (1 - p));
      near(meanOf(drawn), n * p, (5 * deviation) / Math.sqrt(20_000), `mean of ${n}, ${p}`);
      near(deviationOf(drawn) / deviation, 1, 0.05, `deviation of ${n}, ${p}`);
    }
    const draws = new BinomialDraws(9, new Random(1));
    assert.deepEqual([draws.draw(9, 0), draws.draw(9, 1), draws.draw(0, 0.5)], [0, 9, 0]);
  });
});

describe('resampled means', () => {
  it('are distributed as means of rows drawn one by one', async () => {
    const values = repeated([0, 30], [0.25, 11], [0.5, 7], [1, 20]);
    const random = seededRandom(4);
    const direct = Float64Array.from({ length: 8000 }, () =>
      meanOf(values.map(() => values[Math.floor(random() * values.length)]!)),
    ).sort();
    const counted = (await resampledMeans(values, 8000, new Random(4))).sort();
    // Kolmogorov and Smirnov: two samples of 8,000 of one distribution are 0.031 apart in one of 1,000 cases.
    let apart = 0;
    let behind = 0;
    direct.forEach((at, i) => {
      if (direct[i + 1] === at) return;
      while (behind < counted.length && counted[behind]! <= at) behind++;
      apart = Math.max(apart, Math.abs(i + 1 - behind) / direct.length);
    });
    assert.ok(apart <= 0.031, `distributions are ${apart} apart`);
  });

  it('leave other work its turn', async () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => i / 2000);
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await resampledMeans(values, 2000, new Random(1));
    done = true;
    assert.ok(turns > 10, `${turns} turns`);
  });
});

describe('the bootstrap interval of a mean', () => {
  it('is the normal one for many rows, contains the mean, and is the same for the same seed', async () => {
    for (const [right, n] of [
      [7200, 10_000],
      [9990, 10_000],
      [250, 1000],
    ] as const) {
      const values = repeated([1, right], [0, n - right]);
      const p = right / n;
      const error = Math.sqrt((p * (1 - p)) / n);
      const [low, high] = await meanInterval(values, 3);
      near(low, p - 1.96 * error, 0.15 * error + 1 / n, `lower end of ${right} of ${n}`);
      near(high, p + 1.96 * error, 0.15 * error + 1 / n, `upper end of ${right} of ${n}`);
      assert.ok(low < p && p < high, 'contains the mean');
      assert.deepEqual(await meanInterval(values, 3), [low, high]);
    }
    const values = Float64Array.from({ length: 500 }, (_, i) => (i % 17) / 17);
    assert.notDeepEqual(await meanInterval(values, 1), await meanInterval(values, 2));
  });

  it('has no width without any spread', async () => {
    assert.deepEqual(await meanInterval(repeated([1, 40]), 0), [1, 1]);
    assert.deepEqual(await meanInterval(repeated([0.25, 1]), 0), [0.25, 0.25]);
  });
});

describe('the paired comparison', () => {
  it('is the normal approximation for many rows', async () => {
    const [won, lost, n] = [420, 360, 10_000];
    const { difference, interval, pValue } = await pairedDifference(
      repeated([1, won], [-1, lost], [0, n - won - lost]),
      8,
    );
    near(difference, (won - lost) / n, 1e-12, 'difference');
    const error = Math.sqrt(won + lost - (won - lost) ** 2 / n) / n;
    near(interval[0], difference - 1.96 * error, 0.15 * error, 'lower end');
    near(interval[1], difference + 1.96 * error, 0.15 * error, 'upper end');
    // Four times the standard error of a part of 2,000.
    const expected = 2 * upperTail(difference / error);
    near(pValue, expected, 4 * Math.sqrt((expected * (1 - expected)) / 2000) + 0.002, 'p');
  });

  it('says 0 and p = 1 of what is the same, and a small p of what is not', async () => {
    const same = await pairedDifference(repeated([0, 50]), 1);
    assert.deepEqual(same, { difference: 0, interval: [0, 0], pValue: 1 });
    const clear = await pairedDifference(repeated([1, 40], [0, 60]), 1);
    assert.equal(clear.pValue, 1 / 2001, 'never 0');
    const balanced = await pairedDifference(repeated([1, 10], [-1, 10], [0, 30]), 1);
    assert.deepEqual([balanced.difference, balanced.pValue], [0, 1]);
  });

  it('has the p of all signs, however few rows there are', async () => {
    // All 2^n signs, counted.
    const exact = (values: readonly number[]): number => {
      const bound = Math.abs(values.reduce((sum, value) => sum + value, 0)) - 1e-9;
      let beyond = 0;
      for (let signs = 0; signs < 2 ** values.length; signs++) {
        const sum = values.reduce((all, value, i) => all + (signs & (1 << i) ? value : -value), 0);
        if (Math.abs(sum) >= bound) beyond++;
      }
      return beyond / 2 ** values.length;
    };
    for (const values of [
      [1],
      [1, 1, 1],
      [1, 1, 1, 1, 1, 0, 0],
      [0.5, 0.5, 1, -0.25, 0.75],
      [1, 1, 1, 1, 1, 1, 1, -1],
    ]) {
      const { pValue } = await pairedDifference(Float64Array.from(values), 4);
      const expected = exact(values);
      // Four standard errors of a part of 2,000.
      near(pValue, expected, 4 * Math.sqrt((expected * (1 - expected)) / 2000) + 0.001, values.join(' '));
    }
  });

  it('turns its sign with the sides', async () => {
    const [a, b] = await Promise.all([
      pairedDifference(repeated([0.5, 30], [-1, 12], [0, 8]), 1),
      pairedDifference(repeated([-0.5, 30], [1, 12], [0, 8]), 1),
    ]);
    assert.equal(a.difference, -b.difference);
    near(a.interval[0], -b.interval[1], 0.03, 'ends');
    near(a.pValue, b.pValue, 0.05, 'p');
  });
});

it('the unpaired bootstrap has the error of two samples', async () => {
  const [own, reference] = [repeated([1, 1200], [0, 800]), repeated([1, 4000], [0, 1000])];
  const { difference, interval, pValue } = await unpairedDifference(own, reference, 2);
  near(difference, 0.6 - 0.8, 1e-12, 'difference');
  const error = Math.sqrt((0.6 * 0.4) / 2000 + (0.8 * 0.2) / 5000);
  near(interval[0], difference - 1.96 * error, 0.15 * error, 'lower end');
  near(interval[1], difference + 1.96 * error, 0.15 * error, 'upper end');
  assert.equal(pValue, 1 / 2001);
  const none = await unpairedDifference(own, own, 2);
  assert.deepEqual([none.difference, none.pValue], [0, 1]);
});
