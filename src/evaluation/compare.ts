import type { Comparison, MeasureDifference } from '../domain/evaluation.ts';
import type { Measured } from './measure.ts';
import {
  CONFIDENCE,
  type Difference,
  pairedDifference,
  RESAMPLES,
  unpairedDifference,
} from './statistics/bootstrap.ts';

/** Each of the others against the first, over the rows that both could score; without such rows there is nothing to say. */
export async function compareWithFirst(
  measured: readonly Measured[],
  seed: number,
): Promise<readonly Comparison[]> {
  const [first, ...others] = measured;
  const comparisons: Comparison[] = [];
  for (const other of others) {
    for (const [measure, outcomes] of other.outcomes) {
      const reference = first!.outcomes.get(measure)!;
      const gains = outcomes
        .map((value, row) => value - reference[row]!)
        .filter((gain) => !Number.isNaN(gain));
      if (gains.length === 0) continue;
      comparisons.push({
        name: other.report.name,
        reference: first!.report.name,
        rows: gains.length,
        ...described(measure, await pairedDifference(gains, seed)),
      });
    }
  }
  return comparisons;
}

/** The measures of one on rows of its own, against another one's on others. */
export async function compareUnpaired(
  measured: Pick<Measured, 'outcomes'>,
  reference: Pick<Measured, 'outcomes'>,
  seed: number,
): Promise<readonly MeasureDifference[]> {
  const differences: MeasureDifference[] = [];
  for (const [measure, outcomes] of measured.outcomes) {
    const [own, other] = [scored(outcomes), scored(reference.outcomes.get(measure)!)];
    differences.push(described(measure, await unpairedDifference(own, other, seed)));
  }
  return differences;
}

const scored = (outcomes: Float64Array): Float64Array => outcomes.filter((value) => !Number.isNaN(value));

const described = (measure: MeasureDifference['measure'], difference: Difference): MeasureDifference => ({
  measure,
  ...difference,
  confidence: CONFIDENCE,
  resamples: RESAMPLES,
});
