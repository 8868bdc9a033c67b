/**
 * How much of the memory's speed a decode step uses: the difference of a long and a short generation of every system,
 * so that neither prefill nor the first steps are in it, against the bytes that it must move.
 */
import { freshRows } from '../inputs.ts';
import { benchPrompt } from '../prompts.ts';
import { shuffled } from '../random.ts';
import { megabytes, milliseconds, percent, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import { spread } from '../statistics.ts';
import type { System } from '../system.ts';
import { type Context, interleave, type Workload } from '../workload.ts';
import type { MemoryMeter } from './memory-meter.ts';

const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const SHORT = 16;
const LONG = 80;
const PROMPT = benchPrompt('decode-bandwidth', VIRTUAL_TOKENS);

/** Positions that a row has before a step, the mean of the steps that make tokens SHORT + 1 to LONG. */
export const MEAN_PAST = VIRTUAL_TOKENS + INPUT_TOKENS + (SHORT + LONG + 1) / 2 - 2;

const STEP = 'bandwidth: seconds of a step';
const BYTES = 'bandwidth: bytes that a step must move';
const MEMORY = 'bandwidth: bytes a second';
/** Bytes that must move / (time x bandwidth), 0 to 1. */
export const SHARE = 'bandwidth: share';

export interface DecodeBandwidth {
  readonly rows: number;
  /** Bytes that a step of the system must move. */
  bytesOf(system: System): number;
  readonly meter: Pick<MemoryMeter, 'bandwidth' | 'measuredBy'>;
}

export function decodeBandwidth({ rows, bytesOf, meter }: DecodeBandwidth): Workload {
  return {
    id: 'bandwidth',
    title: 'Decode steps against the memory',
    prompts: [PROMPT],
    async run(context) {
      const systems = [...context.services, ...context.peers];
      const { samples } = context;
      await interleave(context, systems, async (system) => {
        const seconds = await secondsOfStep(context, system, rows);
        const rate = await meter.bandwidth();
        samples.add(system.name, STEP, seconds);
        samples.add(system.name, BYTES, bytesOf(system));
        samples.add(system.name, MEMORY, rate);
        samples.add(system.name, SHARE, bytesOf(system) / (seconds * rate));
      });
    },
    tables: (samples) => [
      {
        title: `Decode steps of ${rows} rows against the memory`,
        columns: ['system', 'ms a step', 'must move, MB', 'memory, GB/s', 'share of the bandwidth'],
        rows: samples.systems(SHARE).map((system) => tableRow(samples, system)),
        note:
          `A generation of ${LONG} tokens less one of ${SHORT}, ${VIRTUAL_TOKENS} virtual tokens and ${INPUT_TOKENS} tokens ` +
          `in. Must move: every weight once, and each row's keys and values. Memory: ${meter.measuredBy}.`,
      },
    ],
  };
}

async function secondsOfStep({ random }: Context, system: System, rows: number): Promise<number> {
  const seconds = new Map<number, number>();
  const prompts = Array.from({ length: rows }, () => PROMPT);
  for (const outputTokens of shuffled(random, [SHORT, LONG])) {
    const batch = { rows: freshRows(random, prompts, INPUT_TOKENS), outputTokens };
    seconds.set(outputTokens, (await system.generate(batch)).total);
  }
  return (seconds.get(LONG)! - seconds.get(SHORT)!) / (LONG - SHORT);
}

function tableRow(samples: Samples, system: string): string[] {
  const of = (figure: string) => spread(samples.of(system, figure));
  return [
    system,
    withRange(of(STEP), milliseconds),
    megabytes(of(BYTES).value),
    withRange(of(MEMORY), (bytes) => (bytes / 1e9).toFixed(1)),
    withRange(of(SHARE), percent),
  ];
}
