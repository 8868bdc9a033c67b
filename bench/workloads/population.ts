/** (c) Many registered tasks of which few are popular: requests a second of busy clients, and latency below that. */
import { freshIds } from '../inputs.ts';
import { closedLoop } from '../load/closed-loop.ts';
import { timeToFirstToken } from '../load/latency.ts';
import { openLoop } from '../load/open-loop.ts';
import { streamCompletion } from '../load/stream.ts';
import { benchPrompts } from '../prompts.ts';
import { powerLaw } from '../random.ts';
import { milliseconds, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { median, pairedRatio, percentile, spread } from '../statistics.ts';
import { type Context, interleave, type Workload } from '../workload.ts';

const POPULATIONS = [5, 100, 1000, 2000] as const;
const FEWEST = POPULATIONS[0];
const MOST = POPULATIONS[3];
const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 16;
const CLIENTS = 16;
const BUSY = { clients: CLIENTS, seconds: 4, warmupSeconds: 0.5 };
const OPEN_SECONDS = 5;
/** Of the requests a second that busy clients get answered. */
const OPEN_SHARE = 0.6;
/** Arrivals come in bursts: coefficient of variation of their intervals. */
const OPEN_CV = 1.5;
const ROUNDS = 3;

const PROMPTS = benchPrompts('c', MOST, VIRTUAL_TOKENS);

const requests = (tasks: number): string => `c: requests/s, ${tasks} tasks`;
const firstTokenP50 = (tasks: number): string => `c: first token p50, ${tasks} tasks`;
const firstTokenP99 = (tasks: number): string => `c: first token p99, ${tasks} tasks`;
export const FEW_TASKS = requests(FEWEST);
export const MANY_TASKS = requests(MOST);

export const population: Workload = {
  id: 'c',
  title: 'Registered tasks',
  async run(context) {
    // A prompt serves at every precision of its model, so one precision's uploads are there for all.
    await register(context, 'few', FEWEST);
    await register(context, 'many', MOST);
    for (const { bundle, name } of context.services) {
      const few = await context.startService(bundle, name, 'few');
      const many = await context.startService(bundle, name, 'many');
      try {
        await measure(context, (tasks) => (tasks === FEWEST ? few : many));
      } finally {
        await few.close();
        await many.close();
      }
    }
  },
  tables: (samples) => [
    {
      title: `(c) Registered tasks with power-law popularity: ${INPUT_TOKENS} in, ${OUTPUT_TOKENS} out`,
      columns: [
        'system',
        'tasks',
        `requests/s of ${CLIENTS} busy clients`,
        `against ${FEWEST}`,
        'first token p50, ms',
        'first token p99, ms',
      ],
      rows: samples
        .systems(FEW_TASKS)
        .flatMap((system) => POPULATIONS.map((tasks) => tableRow(samples, system, tasks))),
      note:
        `A server that holds ${FEWEST} tasks, and one that holds ${MOST}, of which the first ${POPULATIONS.slice(1).join(', ')} ` +
        `are asked. Popularity falls as 1/rank; each task has ${VIRTUAL_TOKENS} virtual tokens. First token: Gamma arrivals ` +
        `(coefficient of variation ${OPEN_CV}) at ${100 * OPEN_SHARE} % of the requests/s of ${FEWEST} tasks.`,
    },
  ],
};

async function register(context: Context, database: string, count: number): Promise<void> {
  const { bundle, name } = context.services.at(-1)!;
  const service = await context.startService(bundle, name, database);
  context.log(`registering ${count} tasks`);
  try {
    await service.register(PROMPTS.slice(0, count), context.writer);
  } finally {
    await service.close();
  }
}

async function measure(context: Context, serviceOf: (tasks: number) => Service): Promise<void> {
  const { samples, random } = context;
  const sender = (tasks: number) => {
    const { url } = serviceOf(tasks);
    const popular = powerLaw(random, tasks);
    return async () => {
      const model = PROMPTS[popular()]!.task;
      const prompt = freshIds(random, INPUT_TOKENS);
      const result = await streamCompletion(url, { model, prompt, max_tokens: OUTPUT_TOKENS });
      if (result.arrivals.length !== OUTPUT_TOKENS) throw new Error(`${model}: status ${result.status}`);
      return result;
    };
  };
  await interleave(
    context,
    POPULATIONS,
    async (tasks) => {
      const rate = await closedLoop(BUSY, sender(tasks));
      samples.add(serviceOf(tasks).name, requests(tasks), rate);
    },
    ROUNDS,
  );
  const rate = OPEN_SHARE * median(samples.of(serviceOf(FEWEST).name, FEW_TASKS));
  for (const tasks of POPULATIONS) {
    const results = await openLoop({ rate, seconds: OPEN_SECONDS, cv: OPEN_CV }, random, sender(tasks));
    const times = results.map(timeToFirstToken);
    samples.add(serviceOf(tasks).name, firstTokenP50(tasks), percentile(times, 50));
    samples.add(serviceOf(tasks).name, firstTokenP99(tasks), percentile(times, 99));
  }
}

function tableRow(samples: Samples, system: string, tasks: number): string[] {
  const values = samples.of(system, requests(tasks));
  return [
    system,
    String(tasks),
    withRange(spread(values)),
    withRange(pairedRatio(values, samples.of(system, FEW_TASKS))),
    milliseconds(median(samples.of(system, firstTokenP50(tasks)))),
    milliseconds(median(samples.of(system, firstTokenP99(tasks)))),
  ];
}
