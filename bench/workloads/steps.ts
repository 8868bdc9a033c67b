/**
 * What a decode step costs, from the engine's own counters: the difference of a long and a short generation, so
 * that neither prefill nor the first steps are in it.
 */
import { readBandwidth } from '../bandwidth.ts';
import { freshRows } from '../inputs.ts';
import { readMetrics } from '../metrics.ts';
import { benchPrompt } from '../prompts.ts';
import { shuffled } from '../random.ts';
import { milliseconds, number, percent, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { median, spread } from '../statistics.ts';
import { type Context, interleave, type Workload } from '../workload.ts';

const ROWS = [1, 16] as const;
const PROMPT = benchPrompt('s-one', 20);
const INPUT_TOKENS = 32;
const SHORT = 16;
const LONG = 80;

/** The system of figures that belong to no system. */
export const MACHINE = 'this machine';
/** Bytes a second that all threads together read from memory. */
export const BANDWIDTH = 'steps: read bandwidth';
const WEIGHT_BYTES = 'steps: weight bytes';

/** Seconds of one step. */
export const step = (rows: number): string => `steps: seconds, ${rows} rows`;
/** Part of the steps outside session.run, 0 to 1. */
export const outside = (rows: number): string => `steps: outside session.run, ${rows} rows`;

export const steps: Workload = {
  id: 'steps',
  title: 'Decode steps',
  prompts: [PROMPT],
  async run(context) {
    const { services, samples } = context;
    for (const { name, weightBytes } of services) samples.add(name, WEIGHT_BYTES, weightBytes);
    for (const rows of ROWS) {
      await interleave(context, services, async (service) => {
        await measure(context, service, rows);
        samples.add(MACHINE, BANDWIDTH, await readBandwidth(service.threads));
      });
    }
  },
  tables: (samples) => [
    {
      title: 'Decode steps, from the engine’s counters',
      columns: [
        'system',
        'rows',
        'ms a step',
        'outside session.run',
        'weights, MB',
        'step / reading the weights',
      ],
      rows: samples.systems(step(1)).flatMap((system) => ROWS.map((rows) => tableRow(samples, system, rows))),
      note:
        `Steps of a ${LONG}-token generation less those of a ${SHORT}-token one, so that prefill is not in it. ` +
        'Reading the weights: their bytes / the read bandwidth of the memory that was measured in this run.',
    },
  ],
};

interface Cost {
  readonly steps: number;
  readonly step: number;
  readonly run: number;
}

async function measure(context: Context, service: Service, rows: number): Promise<void> {
  const costs = new Map<number, Cost>();
  for (const tokens of shuffled(context.random, [SHORT, LONG])) {
    costs.set(tokens, await costOf(context, service, rows, tokens));
  }
  const [short, long] = [costs.get(SHORT)!, costs.get(LONG)!];
  const seconds = long.step - short.step;
  context.samples.add(service.name, step(rows), seconds / (long.steps - short.steps));
  context.samples.add(service.name, outside(rows), 1 - (long.run - short.run) / seconds);
}

async function costOf({ random }: Context, service: Service, rows: number, tokens: number): Promise<Cost> {
  const prompts = Array.from({ length: rows }, () => PROMPT);
  const before = await readMetrics(service.url);
  await service.generate({ rows: freshRows(random, prompts, INPUT_TOKENS), outputTokens: tokens });
  const after = await readMetrics(service.url);
  return {
    steps: after.steps - before.steps,
    step: after.stepSeconds - before.stepSeconds,
    run: after.runSeconds - before.runSeconds,
  };
}

/** How many times as long as the memory needs to deliver the weights a step took. */
export function againstMemory(samples: Samples, system: string, rows: number): number | null {
  const seconds = samples.of(system, step(rows));
  if (seconds.length === 0) return null;
  const reading = samples.of(system, WEIGHT_BYTES)[0]! / median(samples.of(MACHINE, BANDWIDTH));
  return median(seconds) / reading;
}

function tableRow(samples: Samples, system: string, rows: number): string[] {
  return [
    system,
    String(rows),
    withRange(spread(samples.of(system, step(rows))), milliseconds),
    withRange(spread(samples.of(system, outside(rows))), percent),
    number(samples.of(system, WEIGHT_BYTES)[0]! / 1e6),
    number(againstMemory(samples, system, rows)!),
  ];
}
