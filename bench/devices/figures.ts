/** The figures on a graphics card that the project set out to reach. */
import { PEFT, peftName, serviceName } from '../names.ts';
import { type Figure, figureRow, ratio, single, targetOf, verdict } from '../report/figure.ts';
import { percent, type Table, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import { stepSeconds } from '../training/workloads/step.ts';
import { DISTINCT, IDENTICAL } from '../workloads/diversity.ts';
import { LONG_PROMPT, NO_PROMPT } from '../workloads/prompt-length.ts';
import { throughput } from '../workloads/streams.ts';
import { SHARE } from './decode-bandwidth.ts';
import { dtypeBeside, variantName, withoutPrefixes } from './systems.ts';

export const STREAMS = [1, 16, 64] as const;
/** Of the comparison of tasks and of the decode steps. */
export const MOST_STREAMS = 64;
export const TRAINING_STEP = { rowTokens: 128, virtualTokens: [20] } as const;

/** The figures of one variant of the service beside PEFT. */
function servingFigures(variant: string, peer: string): Figure[] {
  const cold = withoutPrefixes(variant);
  return [
    ...STREAMS.map((streams) => ({
      name: `tokens/s at ${streams} ${streams === 1 ? 'stream' : 'streams'}: ours / PEFT`,
      target: { atLeast: streams === 1 ? 1.5 : 2 },
      measure: (samples: Samples) =>
        ratio(samples.of(variant, throughput(streams)), samples.of(peer, throughput(streams))),
    })),
    {
      name: `tokens/s at ${MOST_STREAMS} distinct tasks / ${MOST_STREAMS} of one task`,
      target: { atLeast: 0.97 },
      measure: (samples) => ratio(samples.of(variant, DISTINCT), samples.of(variant, IDENTICAL)),
    },
    {
      name: 'time to first token, 100-token prompt / none, prefix cached',
      target: { atMost: 1.05 },
      measure: (samples) => ratio(samples.of(variant, LONG_PROMPT), samples.of(variant, NO_PROMPT)),
    },
    {
      name: 'time to first token, 100-token prompt / none, prefix not cached',
      target: null,
      measure: (samples) => ratio(samples.of(cold, LONG_PROMPT), samples.of(cold, NO_PROMPT)),
    },
    {
      name: `decode at ${MOST_STREAMS} streams: bytes that must move / (time x measured bandwidth)`,
      target: null,
      format: percent,
      measure: single(variant, SHARE),
    },
  ];
}

const TRAINING_FIGURE: Figure = {
  name: `training step, 16 rows x ${TRAINING_STEP.rowTokens} tokens, 20 virtual tokens: PEFT / ours`,
  target: { atLeast: 1.5 },
  measure: (samples) => {
    const figure = stepSeconds(TRAINING_STEP.virtualTokens[0]);
    return ratio(samples.of(PEFT, figure), samples.of(serviceName('float32'), figure));
  },
};

/** What was measured of one shape at one precision. */
export interface Measured {
  /** Title of the shape. */
  readonly shape: string;
  readonly precision: string;
  readonly samples: Samples;
}

/** Every figure with its target, of each shape and precision, a column for each number of steps a run. */
export function servingTable(groups: readonly Measured[], stepsPerRun: readonly number[]): Table {
  const rowsOf = ({ shape, precision, samples }: Measured): string[][] => {
    const peer = peftName(dtypeBeside(precision));
    const columns = stepsPerRun.map((steps) => servingFigures(variantName(precision, steps), peer));
    return columns[0]!.map((figure, i) => [
      figure.name,
      shape,
      precision,
      targetOf(figure),
      ...columns.map((figures) => cell(figures[i]!, samples)),
    ]);
  };
  const steps = stepsPerRun.map((count) => (count === 1 ? '1 step a run' : `${count} steps a run`));
  return {
    title: 'Figures and targets: serving',
    columns: ['figure', 'shape', 'precision', 'target', ...steps],
    rows: groups.flatMap(rowsOf),
    note:
      'Ratios of medians of one run; in brackets the smallest and largest of the rounds, whose two sides were ' +
      'measured next to each other. PEFT computes in float16 beside float16, in float32 beside all others.',
  };
}

function cell(figure: Figure, samples: Samples): string {
  const measured = figure.measure(samples);
  if (measured === null) return 'not measured';
  return `${withRange(measured, figure.format)} ${verdict(figure, measured)}`.trim();
}

/** @param devices where this project's trainer ran */
export function trainingTable(groups: readonly Measured[], devices: readonly string[]): Table {
  return {
    title: 'Figures and targets: training',
    columns: ['figure', 'shape', 'target', 'measured', ''],
    rows: groups
      .filter(({ precision }) => precision === 'float32')
      .map(({ shape, samples }) => figureRow(TRAINING_FIGURE, samples).toSpliced(1, 0, shape)),
    note: `In float32, this project's trainer on ${devices.join(', ')}, PEFT where it serves.`,
  };
}
