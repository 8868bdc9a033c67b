/**
 * (f) Poisson arrivals at rising rates up to and past saturation, and (g) what the HTTP thread has left
 * meanwhile: latency of `/health/live` and the delay of its event loop.
 */
import { closedLoop } from '../load/closed-loop.ts';
import { probeDuring } from '../load/health-probe.ts';
import { timePerToken, timeToFirstToken } from '../load/latency.ts';
import { openLoop } from '../load/open-loop.ts';
import type { StreamResult } from '../load/stream.ts';
import { sender, type Traffic } from '../load/traffic.ts';
import { readMetrics } from '../metrics.ts';
import { benchPrompts } from '../prompts.ts';
import { milliseconds, number, type Table } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { median, percentile } from '../statistics.ts';
import type { Context, Workload } from '../workload.ts';

const TRAFFIC: Traffic = { prompts: benchPrompts('f', 16, 20), inputTokens: 32, outputTokens: 32 };
const CLIENTS = 16;
const CAPACITY_SECONDS = 5;
/** Shares of the requests a second that busy clients get answered. */
const SHARES = [0.25, 0.5, 0.75, 1, 1.25] as const;
const SECONDS = 6;
/** A request counts for goodput when its first token came within this many seconds, and the others as fast. */
const GOOD_FIRST_TOKEN = 1;
const GOOD_PER_TOKEN = 0.1;

/** Columns of the sweep; each is a figure a share. */
const COLUMNS = {
  'requests/s sent': number,
  'goodput, tokens/s': number,
  refused: number,
  'first token p50, ms': milliseconds,
  'first token p99, ms': milliseconds,
  'per token p50, ms': milliseconds,
  'per token p99, ms': milliseconds,
  '/health/live p50, ms': milliseconds,
  '/health/live p99, ms': milliseconds,
  'event-loop delay p99, ms': milliseconds,
} as const;
type Column = keyof typeof COLUMNS;

/** `busy`: 16 clients, each sending again as soon as it is answered. */
type Load = (typeof SHARES)[number] | 'busy';
const LOADS: readonly Load[] = ['busy', ...SHARES];

const figure = (load: Load, column: Column): string => `f: ${column}, ${describe(load)}`;
export const SATURATED_EVENT_LOOP_DELAY = figure('busy', 'event-loop delay p99, ms');

export const rateSweep: Workload = {
  id: 'f',
  title: 'Rate sweep and health',
  prompts: TRAFFIC.prompts,
  async run(context) {
    for (const service of context.services) {
      const capacity = await measureBusy(context, service);
      for (const share of SHARES) await measureRate(context, service, share, share * capacity);
    }
  },
  tables: (samples) =>
    samples.systems(SATURATED_EVENT_LOOP_DELAY).map((system) => sweepTable(samples, system)),
};

async function measureBusy(context: Context, service: Service): Promise<number> {
  const send = sender(service.url, context.random, TRAFFIC);
  const results: StreamResult[] = [];
  await closedLoop({ clients: CLIENTS, seconds: 1 }, send); // connections and prefixes
  const capacity = await observe(context, service, 'busy', () =>
    closedLoop({ clients: CLIENTS, seconds: CAPACITY_SECONDS }, async () => results.push(await send())),
  );
  context.samples.add(service.name, figure('busy', 'requests/s sent'), capacity);
  addLatencies(context.samples, service.name, 'busy', results, capacity / results.length);
  return capacity;
}

async function measureRate(context: Context, service: Service, share: Load, rate: number): Promise<void> {
  const { random, samples, log } = context;
  log(`${service.name}: ${number(rate)} requests/s`);
  const send = sender(service.url, random, TRAFFIC);
  const start = performance.now();
  const results = await observe(context, service, share, () =>
    openLoop({ rate, seconds: SECONDS, cv: 1 }, random, send),
  );
  const elapsed = (performance.now() - start) / 1000;
  samples.add(service.name, figure(share, 'requests/s sent'), results.length / SECONDS);
  addLatencies(samples, service.name, share, results, 1 / elapsed);
}

/** Runs the load with a probe of `/health/live` beside it and the event-loop delay of exactly that time. */
async function observe<T>({ samples }: Context, { url, name }: Service, load: Load, work: () => Promise<T>) {
  await readMetrics(url);
  const { result, latencies } = await probeDuring(url, work);
  const { eventLoopDelayP99 } = await readMetrics(url);
  samples.add(name, figure(load, '/health/live p50, ms'), percentile(latencies, 50));
  samples.add(name, figure(load, '/health/live p99, ms'), percentile(latencies, 99));
  samples.add(name, figure(load, 'event-loop delay p99, ms'), eventLoopDelayP99);
  return result;
}

/** `perSecond` turns a count of requests into requests a second. */
function addLatencies(
  samples: Samples,
  name: string,
  load: Load,
  results: readonly StreamResult[],
  perSecond: number,
): void {
  const served = results.filter(({ arrivals }) => arrivals.length === TRAFFIC.outputTokens);
  const good = served.filter(
    (result) => timeToFirstToken(result) <= GOOD_FIRST_TOKEN && timePerToken(result) <= GOOD_PER_TOKEN,
  );
  const add = (column: Column, value: number) => samples.add(name, figure(load, column), value);
  add('goodput, tokens/s', good.length * TRAFFIC.outputTokens * perSecond);
  add('refused', results.length - served.length);
  const first = served.map(timeToFirstToken);
  const between = served.map(timePerToken);
  add('first token p50, ms', percentile(first, 50));
  add('first token p99, ms', percentile(first, 99));
  add('per token p50, ms', percentile(between, 50));
  add('per token p99, ms', percentile(between, 99));
}

function describe(load: Load): string {
  return load === 'busy' ? `${CLIENTS} busy clients` : `${100 * load} % of that`;
}

function sweepTable(samples: Samples, system: string): Table {
  const columns = Object.entries(COLUMNS) as [Column, (value: number) => string][];
  return {
    title: `(f, g) ${system}: arrivals at rising rates, 16 tasks, ${TRAFFIC.inputTokens} in, ${TRAFFIC.outputTokens} out`,
    columns: ['load', ...columns.map(([column]) => column)],
    rows: LOADS.map((load) => [
      describe(load),
      ...columns.map(([column, format]) => format(median(samples.of(system, figure(load, column))))),
    ]),
    note:
      `Goodput: tokens of requests with their first token within ${GOOD_FIRST_TOKEN} s and at most ` +
      `${1000 * GOOD_PER_TOKEN} ms a token after it. The health probe is a process of its own. ` +
      'The event-loop delay is what exceeds the monitor’s own 10 ms.',
  };
}
