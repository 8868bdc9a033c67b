/**
 * Load that cannot be served: ten times the capacity for a minute, and a client that opens many streams and
 * reads nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { freshIds } from '../inputs.ts';
import { closedLoop } from '../load/closed-loop.ts';
import { timePerToken, timeToFirstToken, totalTime } from '../load/latency.ts';
import { openLoop } from '../load/open-loop.ts';
import { openStreams } from '../load/silent-client.ts';
import type { StreamResult } from '../load/stream.ts';
import { sender, type Traffic } from '../load/traffic.ts';
import { benchPrompt, benchPrompts } from '../prompts.ts';
import { megabytes, milliseconds, number, percent, type Table } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { percentile } from '../statistics.ts';
import type { Context, Workload } from '../workload.ts';

const TRAFFIC: Traffic = { prompts: benchPrompts('o', 16, 20), inputTokens: 32, outputTokens: 32 };
const FLOODED = benchPrompt('o-flooded', 20);
const CLIENTS = 16;
const TIMES_CAPACITY = 10;
const OVERLOAD_SECONDS = 60;
const FULL_WARMUP_SECONDS = 3;
const FULL_SECONDS = 15;
const CALM_SHARE = 0.5;
const CALM_SECONDS = 15;
const SILENT_STREAMS = 200;
const SILENT_TOKENS = 1000;
const READER: Traffic = { ...TRAFFIC, prompts: TRAFFIC.prompts.slice(0, 1) };
const READER_REQUESTS = 10;
/** A reader that is not answered gives up then; that, or a refusal, counts as so long a wait. */
const READER_SECONDS = 30;

/** A figure of the minute, how it is shown, and what it should be. */
const FIGURES = {
  'capacity, requests/s': number,
  'sent, requests/s': number,
  'admitted, requests/s': number,
  'answered 429, requests/s': number,
  'other answers': number,
  '429 without Retry-After': number,
  'time to a 429, p50, ms': milliseconds,
  'time to a 429, p99, ms': milliseconds,
  'first token p99 at half the capacity, ms': milliseconds,
  'first token p99 in a full batch, ms': milliseconds,
  'first token p99 of admitted requests, ms': milliseconds,
  'per token p99 at half the capacity, ms': milliseconds,
  'per token p99 in a full batch, ms': milliseconds,
  'per token p99 of admitted requests, ms': milliseconds,
  'whole answer p99 at half the capacity, ms': milliseconds,
  'whole answer p99 in a full batch, ms': milliseconds,
  'whole answer p99 of admitted requests, ms': milliseconds,
  'whole answer p99, admitted / half the capacity': number,
  'whole answer p99, admitted / full batch': number,
  'memory before, MB': megabytes,
  'memory after 20 s, MB': megabytes,
  'memory at the end, MB': megabytes,
} as const;
type Figure = keyof typeof FIGURES;

const SITUATIONS = [
  'alone',
  'beside 200 streams that are read',
  'beside 200 streams that are not read',
] as const;
type Situation = (typeof SITUATIONS)[number];
const readerFirst = (situation: Situation): string => `overload: reader's first token, ${situation}`;
const readerTotal = (situation: Situation): string => `overload: reader's answer, ${situation}`;
const readerServed = (situation: Situation): string => `overload: reader's answered requests, ${situation}`;
const key = (figure: Figure): string => `overload: ${figure}`;

export const overload: Workload = {
  id: 'overload',
  title: 'Overload',
  prompts: [...TRAFFIC.prompts, FLOODED],
  async run(context) {
    const service = context.services.at(-1)!; // what is refused does not depend on the precision
    await measureMinute(context, service);
    for (const situation of SITUATIONS) await measureReader(context, service, situation);
  },
  tables: (samples) =>
    samples.systems(key('capacity, requests/s')).length === 0
      ? []
      : [minuteTable(samples), readerTable(samples)],
};

async function measureMinute(context: Context, service: Service): Promise<void> {
  const { random, samples, log } = context;
  const add = (figure: Figure, value: number) => samples.add(service.name, key(figure), value);
  const memory = async (figure: Figure) => add(figure, (await service.memory())?.rss ?? Number.NaN);
  const send = sender(service.url, random, TRAFFIC);
  const full: StreamResult[] = [];
  const warmBy = performance.now() + FULL_WARMUP_SECONDS * 1000;
  const capacity = await closedLoop(
    { clients: CLIENTS, seconds: FULL_SECONDS, warmupSeconds: FULL_WARMUP_SECONDS },
    async () => full.push(await send()),
  );
  add('capacity, requests/s', capacity);
  const warm = full.filter(({ start }) => start > warmBy);
  addLatencies(add, warm, 'in a full batch');

  log(`${service.name}: half the capacity for ${CALM_SECONDS} s`);
  const calm = await openLoop({ rate: CALM_SHARE * capacity, seconds: CALM_SECONDS, cv: 1 }, random, send);
  const uncontended = calm.filter(isServed);
  addLatencies(add, uncontended, 'at half the capacity');

  log(`${service.name}: ${TIMES_CAPACITY} times the capacity for ${OVERLOAD_SECONDS} s`);
  await memory('memory before, MB');
  const later = sleep(20_000).then(() => memory('memory after 20 s, MB'));
  const rate = TIMES_CAPACITY * capacity;
  const results = await openLoop({ rate, seconds: OVERLOAD_SECONDS, cv: 1 }, random, send);
  await later;
  await memory('memory at the end, MB');

  const admitted = results.filter(isServed);
  const refused = results.filter(({ status }) => status === 429);
  const refusal = refused.map(({ start, answered }) => (answered - start) / 1000);
  add('sent, requests/s', results.length / OVERLOAD_SECONDS);
  add('admitted, requests/s', admitted.length / OVERLOAD_SECONDS);
  add('answered 429, requests/s', refused.length / OVERLOAD_SECONDS);
  add('other answers', results.length - admitted.length - refused.length);
  add('429 without Retry-After', refused.filter(({ retryAfter }) => retryAfter === null).length);
  add('time to a 429, p50, ms', refused.length > 0 ? percentile(refusal, 50) : Number.NaN);
  add('time to a 429, p99, ms', refused.length > 0 ? percentile(refusal, 99) : Number.NaN);
  addLatencies(add, admitted, 'of admitted requests');
  const worst = (served: readonly StreamResult[]) => percentile(served.map(totalTime), 99);
  add('whole answer p99, admitted / half the capacity', worst(admitted) / worst(uncontended));
  add('whole answer p99, admitted / full batch', worst(admitted) / worst(warm));
}

const isServed = ({ arrivals }: StreamResult): boolean => arrivals.length === TRAFFIC.outputTokens;

function addLatencies(
  add: (figure: Figure, value: number) => void,
  served: readonly StreamResult[],
  when: 'at half the capacity' | 'in a full batch' | 'of admitted requests',
): void {
  add(`first token p99 ${when}, ms`, percentile(served.map(timeToFirstToken), 99));
  add(`per token p99 ${when}, ms`, percentile(served.map(timePerToken), 99));
  add(`whole answer p99 ${when}, ms`, percentile(served.map(totalTime), 99));
}

/** One client that reads, request after request, beside the streams of another task. */
async function measureReader(context: Context, service: Service, situation: Situation): Promise<void> {
  const { random, samples, log } = context;
  log(`${service.name}: a reader ${situation}`);
  const send = sender(service.url, random, READER);
  const requests = Array.from({ length: SILENT_STREAMS }, () => ({
    model: FLOODED.task,
    prompt: freshIds(random, TRAFFIC.inputTokens),
    max_tokens: SILENT_TOKENS,
  }));
  const others =
    situation === 'alone'
      ? null
      : await openStreams(service.url, requests, situation === 'beside 200 streams that are read');
  try {
    await sleep(2000); // the batch is full
    let served = 0;
    for (let i = 0; i < READER_REQUESTS; i++) {
      const answer = await send(AbortSignal.timeout(1000 * READER_SECONDS)).catch(() => null);
      const result = answer !== null && isServed(answer) ? answer : null;
      samples.add(service.name, readerFirst(situation), result ? timeToFirstToken(result) : READER_SECONDS);
      samples.add(service.name, readerTotal(situation), result ? totalTime(result) : READER_SECONDS);
      if (result === null) break;
      served++;
    }
    samples.add(service.name, readerServed(situation), served);
  } finally {
    others?.close();
    await sleep(2000); // their rows are free again
  }
}

function minuteTable(samples: Samples): Table {
  const systems = samples.systems(key('capacity, requests/s'));
  const figures = Object.entries(FIGURES) as [Figure, (value: number) => string][];
  return {
    title: `Overload: ${TIMES_CAPACITY} times the capacity for ${OVERLOAD_SECONDS} s, ${TRAFFIC.inputTokens} in, ${TRAFFIC.outputTokens} out`,
    columns: ['figure', ...systems],
    rows: figures.map(([figure, format]) => [
      figure,
      ...systems.map((system) => format(samples.of(system, key(figure))[0]!)),
    ]),
    note: `Capacity, and a full batch: ${CLIENTS} clients that send again as soon as they are answered.`,
  };
}

function readerTable(samples: Samples): Table {
  return {
    title: `Overload: one client that reads, beside another that opened ${SILENT_STREAMS} streams of ${SILENT_TOKENS} tokens`,
    columns: [
      'system',
      'the reader',
      'answered',
      'first token p50, ms',
      'first token worst, ms',
      'whole answer p50, ms',
      'against alone',
    ],
    rows: samples.systems(readerFirst('alone')).flatMap((system) =>
      SITUATIONS.filter((situation) => samples.of(system, readerFirst(situation)).length > 0).map(
        (situation) => {
          const first = samples.of(system, readerFirst(situation));
          const total = percentile(samples.of(system, readerTotal(situation)), 50);
          return [
            system,
            situation,
            `${samples.of(system, readerServed(situation))[0]} of ${READER_REQUESTS}`,
            milliseconds(percentile(first, 50)),
            milliseconds(Math.max(...first)),
            milliseconds(total),
            percent(total / percentile(samples.of(system, readerTotal('alone')), 50)),
          ];
        },
      ),
    ),
  };
}
