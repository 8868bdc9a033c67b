import type { Workload } from '../workload.ts';
import { classification } from './classification.ts';
import { diversity } from './diversity.ts';
import { ensemble } from './ensemble.ts';
import { overload } from './overload.ts';
import { population } from './population.ts';
import { promptLength } from './prompt-length.ts';
import { rateSweep } from './rate-sweep.ts';
import { steps } from './steps.ts';
import { streams } from './streams.ts';

/** All workloads in the order in which they run. (g) is measured during (f). */
export const WORKLOADS: readonly Workload[] = [
  streams,
  diversity,
  population,
  promptLength,
  classification,
  ensemble,
  rateSweep,
  steps,
  overload,
];

/** Left out of a run without peers, which stays short. */
export const OPTIONAL_WORKLOADS: readonly string[] = [overload.id];
