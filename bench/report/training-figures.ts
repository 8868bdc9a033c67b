/** The figures of training that the project set out to reach. */
import { PEFT, serviceName } from '../names.ts';
import type { Samples } from '../samples.ts';
import { ACCURACY, JOB_MINUTES, JOB_PEAK } from '../training/workloads/accuracy.ts';
import { OF_TOLERANCE } from '../training/workloads/parity.ts';
import { tokenP99 } from '../training/workloads/serving.ts';
import { stepSeconds } from '../training/workloads/step.ts';
import { type Figure, ratio, single } from './figure.ts';
import { number, percent } from './table.ts';

const OURS = serviceName('float32');
const GIB = 2 ** 30;

/** How many of our steps PEFT's step takes. */
const againstPeft = (virtualTokens: number): Figure['measure'] => {
  const figure = stepSeconds(virtualTokens);
  return (samples) => ratio(samples.of(PEFT, figure), samples.of(OURS, figure));
};

/** Of many checks the worst counts; one that gave no number is none that agrees. */
function worstOfTolerance(samples: Samples): ReturnType<Figure['measure']> {
  const values = samples.of(OURS, OF_TOLERANCE);
  if (values.length === 0) return null;
  const value = values.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...values);
  return { value, low: value, high: value };
}

export const TRAINING_FIGURES: readonly Figure[] = [
  {
    name: 'time of a step, 20 virtual tokens: PEFT + torch / this project',
    target: { atLeast: 3.5 },
    measure: againstPeft(20),
  },
  {
    name: 'time of a step, 100 virtual tokens: PEFT + torch / this project',
    target: { atLeast: 7 },
    measure: againstPeft(100),
  },
  {
    name: 'loss and gradient against PEFT, largest difference / its tolerance',
    target: { atMost: 1 },
    measure: worstOfTolerance,
  },
  {
    name: 'test accuracy of a job with the default hyperparameters',
    target: { atLeast: 0.95 },
    format: percent,
    measure: single(OURS, ACCURACY.version),
  },
  { name: 'minutes of that job', target: { atMost: 15 }, measure: single(OURS, JOB_MINUTES) },
  {
    name: 'peak memory of its process, GiB',
    target: { atMost: 4 * GIB },
    format: (bytes) => number(bytes / GIB),
    measure: single(OURS, JOB_PEAK),
  },
  {
    name: 'p99 time per token of serving, while a job trains / without',
    target: { atMost: 2 },
    measure: (samples) => ratio(samples.of(OURS, tokenP99('training')), samples.of(OURS, tokenP99('alone'))),
  },
];
