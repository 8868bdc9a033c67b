import { type Static, Type } from 'typebox';
import type {
  Comparison,
  Interval,
  Measure,
  MeasureDifference,
  MeasureInterval,
} from '../../domain/evaluation.ts';
import { component } from '../openapi/component.ts';
import { oneOf } from './common.ts';

const MeasureName = Type.Unsafe<Measure>({
  ...oneOf('accuracy', 'exact_match', 'token_f1'),
  ...component('Measure'),
  description: 'What a row counts for: right or not, or (`token_f1`) a part of 1.',
});

export const IntervalSchema = Type.Unsafe<[number, number]>({
  type: 'array',
  items: { type: 'number' },
  minItems: 2,
  maxItems: 2,
  ...component('Interval'),
  description:
    'Lower and upper end of a 95 % bootstrap interval. Of rows that all count alike it has no width.',
});

const Bootstrapped = {
  measure: MeasureName,
  interval: IntervalSchema,
  confidence: Type.Number({ description: 'Part of the samples inside the interval.' }),
  p_value: Type.Number({ description: 'Two-sided, of the hypothesis that both are equal; never 0.' }),
  resamples: Type.Integer({ description: 'Samples drawn, by the seed of the request.' }),
};

export const SignificanceSchema = Type.Object(
  {
    comparisons: Type.Array(
      Type.Object(
        {
          name: Type.String({ description: 'Of the contender.' }),
          reference: Type.String({ description: 'Name of the first contender.' }),
          rows: Type.Integer({ description: 'Rows that both could score: the others do not count here.' }),
          difference: Type.Number({ description: 'How much more the contender has than the reference.' }),
          ...Bootstrapped,
        },
        component('Comparison'),
      ),
      {
        description: 'Empty when there is one contender. One that shares no row with the first is left out.',
      },
    ),
  },
  {
    ...component('Significance'),
    description:
      'Each contender against the first on the same rows: the interval by the paired bootstrap (Koehn 2004), p by the ' +
      'paired randomisation test, 1 when no row differs. The p-values are of one comparison each: of many, some are ' +
      'small by chance.',
  },
);

export const DropSchema = Type.Object(
  {
    value: Type.Number({ description: 'How much less the data set has than the first one.' }),
    ...Bootstrapped,
  },
  {
    ...component('Drop'),
    description: 'Against the first data set, by the unpaired bootstrap. With few rows p is too small.',
  },
);

export const EXAMPLE_COMPARISON = {
  name: 'zero_shot',
  reference: 'sentiment@1',
  rows: 2,
  difference: -0.5,
  measure: 'accuracy' as const,
  interval: [-1, 0] as [number, number],
  confidence: 0.95,
  p_value: 0.51,
  resamples: 2000,
};

export function significanceBody(comparisons: readonly Comparison[]): Static<typeof SignificanceSchema> {
  return {
    comparisons: comparisons.map(({ name, reference, rows, difference, ...rest }) => ({
      name,
      reference,
      rows,
      difference,
      ...bootstrapped(rest),
    })),
  };
}

/** How far the data set is below the reference, where the domain says how far it is above. */
export function dropBody(difference: MeasureDifference): Static<typeof DropSchema> {
  const [low, high] = difference.interval;
  // Not -0.
  return {
    value: 0 - difference.difference,
    ...bootstrapped({ ...difference, interval: [0 - high, 0 - low] }),
  };
}

function bootstrapped({
  measure,
  interval,
  confidence,
  pValue,
  resamples,
}: Omit<MeasureDifference, 'difference'>) {
  return { measure, interval: pair(interval), confidence, p_value: pValue, resamples };
}

/** Of the measure that matters most, and of token F1 where there is one. */
export function intervalFields(intervals: readonly MeasureInterval[]): {
  interval: [number, number];
  token_f1_interval?: [number, number];
} {
  const [main, second] = intervals;
  return { interval: pair(main!.interval), ...(second && { token_f1_interval: pair(second.interval) }) };
}

const pair = ([low, high]: Interval): [number, number] => [low, high];
