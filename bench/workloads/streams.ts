/** (a) Concurrent streams of one task: 32 tokens in, 64 out, every system. */
import { freshRows } from '../inputs.ts';
import { benchPrompt } from '../prompts.ts';
import { bar, milliseconds, number, type Table, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import { median, spread } from '../statistics.ts';
import type { Batch, System } from '../system.ts';
import { type Context, interleave, pairs, type Workload } from '../workload.ts';

const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 64;

const PROMPT = benchPrompt('a-one', VIRTUAL_TOKENS);

/** Output tokens a second from the requests to the last token, prefill included. */
export const throughput = (streams: number): string => `a: tokens/s, ${streams} streams`;
const decoding = (streams: number): string => `a: tokens/s after the first, ${streams} streams`;
const firstToken = (streams: number): string => `a: first token, ${streams} streams`;

/** Of so many streams each. */
export function streamsOf(counts: readonly number[]): Workload {
  return {
    id: 'a',
    title: 'Concurrent streams',
    prompts: [PROMPT],
    async run(context) {
      const systems = [...context.services, ...context.peers];
      for (const [system, count] of pairs(systems, counts)) await system.generate(batch(context, count, 2));
      for (const count of counts) {
        context.log(`${count} streams`);
        await interleave(context, systems, (system) => measure(context, system, count));
      }
    },
    tables: (samples) => [
      throughputTable(samples, counts),
      ...counts.map((count) => barTable(samples, count)),
    ],
  };
}

export const streams = streamsOf([1, 4, 8, 16]);

function batch({ random }: Context, rows: number, outputTokens: number): Batch {
  const prompts = Array.from({ length: rows }, () => PROMPT);
  return { rows: freshRows(random, prompts, INPUT_TOKENS), outputTokens };
}

async function measure(context: Context, system: System, count: number): Promise<void> {
  const { samples } = context;
  const timing = await system.generate(batch(context, count, OUTPUT_TOKENS));
  samples.add(system.name, throughput(count), (count * OUTPUT_TOKENS) / timing.total);
  const later = count * (OUTPUT_TOKENS - 1);
  samples.add(system.name, decoding(count), later / (timing.total - timing.firstToken));
  samples.add(system.name, firstToken(count), timing.firstToken);
}

function throughputTable(samples: Samples, counts: readonly number[]): Table {
  return {
    title: `(a) Streams of one task: ${VIRTUAL_TOKENS} virtual tokens + ${INPUT_TOKENS} in, ${OUTPUT_TOKENS} out`,
    columns: ['system', 'streams', 'tokens/s', 'tokens/s after the first', 'all have their first token, ms'],
    rows: samples
      .systems(throughput(counts[0]!))
      .flatMap((system) =>
        counts.map((count) => [
          system,
          String(count),
          withRange(spread(samples.of(system, throughput(count)))),
          number(median(samples.of(system, decoding(count)))),
          milliseconds(median(samples.of(system, firstToken(count)))),
        ]),
      ),
    note:
      'Output tokens a second from the requests to the last token. The services are measured over HTTP with one ' +
      'event stream a request; peers inside their own process.',
  };
}

function barTable(samples: Samples, count: number): Table {
  const values = samples
    .systems(throughput(count))
    .map((system) => [system, median(samples.of(system, throughput(count)))] as const);
  const most = Math.max(...values.map(([, value]) => value));
  return {
    title: `(a) ${count === 1 ? '1 stream' : `${count} streams`}`,
    columns: ['system', 'tokens/s', ''],
    rows: values
      .toSorted(([, a], [, b]) => b - a)
      .map(([system, value]) => [system, number(value), bar(value, most)]),
  };
}
