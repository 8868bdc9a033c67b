/** The figures of serving that the project set out to reach. */
import type { Precision } from '../../src/domain/model.ts';
import { LLAMA_CPP, PEFT, serviceName, TRANSFORMERS_JS } from '../names.ts';
import { TEXTS_PER_SECOND } from '../workloads/classification.ts';
import { DISTINCT, IDENTICAL } from '../workloads/diversity.ts';
import { ENSEMBLE_SIZE, ensembleTime } from '../workloads/ensemble.ts';
import { FEW_TASKS, MANY_TASKS } from '../workloads/population.ts';
import { LONG_PROMPT, NO_PROMPT } from '../workloads/prompt-length.ts';
import { SATURATED_EVENT_LOOP_DELAY } from '../workloads/rate-sweep.ts';
import { againstMemory, outside } from '../workloads/steps.ts';
import { throughput } from '../workloads/streams.ts';
import { type Figure, ratio, single } from './figure.ts';
import { milliseconds, percent } from './table.ts';

/** Both precisions are held to the target. */
function ofBoth(name: string, figure: (system: string) => Omit<Figure, 'name'>): Figure[] {
  return (['float32', 'int8'] as const).map((precision) => ({
    name: `${name}, ${precision}`,
    ...figure(serviceName(precision)),
  }));
}

/** A figure of one system over another figure of the same. */
function within(system: string, above: string, below: string): Figure['measure'] {
  return (samples) => ratio(samples.of(system, above), samples.of(system, below));
}

/** The same figure of the service and of a peer. */
function against(peer: string, precision: Precision, figure: string): Figure['measure'] {
  return (samples) => ratio(samples.of(serviceName(precision), figure), samples.of(peer, figure));
}

export const SERVING_FIGURES: readonly Figure[] = [
  ...ofBoth('time to first token, 100-token prompt / none', (system) => ({
    target: { atMost: 1.05 },
    measure: within(system, LONG_PROMPT, NO_PROMPT),
  })),
  ...ofBoth('tokens/s, 16 distinct tasks / 16 requests of one task', (system) => ({
    target: { atLeast: 0.97 },
    measure: within(system, DISTINCT, IDENTICAL),
  })),
  ...ofBoth('requests/s, 2000 registered tasks / 5', (system) => ({
    target: { atLeast: 0.96 },
    measure: within(system, MANY_TASKS, FEW_TASKS),
  })),
  {
    name: 'tokens/s at 16 streams against PEFT + torch float32, int8',
    target: { atLeast: 3.5 },
    measure: against(PEFT, 'int8', throughput(16)),
  },
  {
    name: 'tokens/s at 16 streams against PEFT + torch float32, float32',
    target: { atLeast: 1.8 },
    measure: against(PEFT, 'float32', throughput(16)),
  },
  ...([16, 8] as const).map((streams) => ({
    name: `tokens/s at ${streams} streams against llama.cpp, int8`,
    target: { atLeast: 3 },
    measure: against(LLAMA_CPP, 'int8', throughput(streams)),
  })),
  {
    name: 'tokens/s at 1 stream against llama.cpp, int8',
    target: { atLeast: 1.1 },
    measure: against(LLAMA_CPP, 'int8', throughput(1)),
  },
  {
    name: 'tokens/s at 8 streams against transformers.js, int8 against its q8',
    target: { atLeast: 6 },
    measure: against(TRANSFORMERS_JS.q8, 'int8', throughput(8)),
  },
  {
    name: 'tokens/s at 8 streams against transformers.js, float32 against its fp32',
    target: { atLeast: 6 },
    measure: against(TRANSFORMERS_JS.fp32, 'float32', throughput(8)),
  },
  ...(['float32', 'int8'] as const).map((precision) => ({
    name: `classification of 500 texts against PEFT + torch float32, ${precision}`,
    target: { atLeast: 4 },
    measure: against(PEFT, precision, TEXTS_PER_SECOND),
  })),
  ...ofBoth(`completion by an ensemble of ${ENSEMBLE_SIZE} / by one version`, (system) => ({
    target: { atMost: 1.6 },
    measure: within(system, ensembleTime('generate', ENSEMBLE_SIZE), ensembleTime('generate', 1)),
  })),
  ...ofBoth(`classification by an ensemble of ${ENSEMBLE_SIZE} / by one version`, (system) => ({
    target: { atMost: 1.6 },
    measure: within(system, ensembleTime('classify', ENSEMBLE_SIZE), ensembleTime('classify', 1)),
  })),
  {
    name: 'decode step at 1 row, int8: measured / (weight bytes / read bandwidth)',
    target: { atMost: 1.4 },
    measure: (samples) => {
      const value = againstMemory(samples, serviceName('int8'), 1);
      return value === null ? null : { value, low: value, high: value };
    },
  },
  ...ofBoth('share of a step outside session.run at 16 rows', (system) => ({
    target: { atMost: 0.08 },
    format: percent,
    measure: single(system, outside(16)),
  })),
  ...ofBoth('p99 event-loop delay of the HTTP thread under saturation, ms', (system) => ({
    target: { atMost: 0.015 },
    format: milliseconds,
    measure: single(system, SATURATED_EVENT_LOOP_DELAY),
  })),
];
