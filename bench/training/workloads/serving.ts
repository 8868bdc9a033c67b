/** What streams feel of a job that trains beside them: one service whose job is paused and resumed in turn. */
import { closedLoop } from '../../load/closed-loop.ts';
import type { StreamResult } from '../../load/stream.ts';
import { sender, type Traffic } from '../../load/traffic.ts';
import { serviceName } from '../../names.ts';
import { benchPrompt } from '../../prompts.ts';
import { milliseconds, number, withRange } from '../../report/table.ts';
import { pairedRatio, percentile, spread } from '../../statistics.ts';
import { LABELS, reviews } from '../../texts.ts';
import { interleave } from '../../workload.ts';
import type { TrainingWorkload } from '../context.ts';
import { Jobs } from '../jobs.ts';

const SYSTEM = serviceName('float32');
const PROMPT = benchPrompt('bench-beside-training', 20);
const TRAFFIC: Traffic = { prompts: [PROMPT], inputTokens: 32, outputTokens: 64 };
const CLIENTS = 4;
const SECONDS = 10;
const TRAINING_ROWS = 400;
/** More than the measurement needs: the job is cancelled. */
const JOB_STEPS = 100_000;

const SITUATIONS = ['alone', 'training'] as const;
export type Situation = (typeof SITUATIONS)[number];

/** Seconds between two tokens of a stream, 99th percentile over all tokens of all streams. */
export const tokenP99 = (situation: Situation): string => `serving: between tokens p99, ${situation}`;
const tokenP50 = (situation: Situation): string => `serving: between tokens p50, ${situation}`;
const throughput = (situation: Situation): string => `serving: tokens/s, ${situation}`;
const stepsMade = (situation: Situation): string => `serving: steps a second, ${situation}`;

export const serving: TrainingWorkload = {
  id: 'serving',
  title: 'Serving beside a job',
  async run(context) {
    const { random, samples, writer } = context;
    const service = await context.startService('serving');
    await service.register([PROMPT], writer);
    const jobs = new Jobs(service.url);
    const rows = reviews(random, TRAINING_ROWS).map((text, i) => ({ text, label: LABELS[i % 2]! }));
    const job = await jobs.start({
      model: service.base,
      task: 'bench-in-training',
      rows,
      seed: 1,
      virtualTokens: 20,
      hyperparameters: {
        max_steps: JOB_STEPS,
        logging_steps: 1, // so that its events tell when it goes on
        early_stopping_patience: 0,
        validation_split: 0,
      },
    });
    await jobs.stepAfter(job, 0);
    let running = true;
    await interleave(context, SITUATIONS, async (situation) => {
      const wanted = situation === 'training';
      if (running !== wanted) await (wanted ? jobs.resume(job) : jobs.pause(job));
      running = wanted;
      const before = await jobs.lastStep(job);
      const start = performance.now();
      const results: StreamResult[] = [];
      const send = sender(service.url, random, TRAFFIC);
      const rate = await closedLoop({ clients: CLIENTS, seconds: SECONDS }, async () =>
        results.push(await send()),
      );
      const gaps = results.flatMap(({ arrivals }) => between(arrivals));
      samples.add(SYSTEM, tokenP50(situation), percentile(gaps, 50));
      samples.add(SYSTEM, tokenP99(situation), percentile(gaps, 99));
      samples.add(SYSTEM, throughput(situation), rate * TRAFFIC.outputTokens);
      const seconds = (performance.now() - start) / 1000;
      samples.add(SYSTEM, stepsMade(situation), ((await jobs.lastStep(job)) - before) / seconds);
    });
    await jobs.cancel(job);
    await service.close();
  },
  tables: (samples) => {
    const alone = samples.of(SYSTEM, tokenP99('alone'));
    if (alone.length === 0) return [];
    const shown = (figure: string, format = number) => withRange(spread(samples.of(SYSTEM, figure)), format);
    return [
      {
        title: `Serving beside a job: ${CLIENTS} streams of ${TRAFFIC.outputTokens} tokens, float32`,
        columns: [
          'the job',
          'per token p50, ms',
          'per token p99, ms',
          'tokens/s',
          'steps/s of the job',
          'p99 ratio',
        ],
        rows: SITUATIONS.map((situation) => [
          situation === 'alone' ? 'is paused' : 'trains',
          shown(tokenP50(situation), milliseconds),
          shown(tokenP99(situation), milliseconds),
          shown(throughput(situation)),
          shown(stepsMade(situation)),
          situation === 'alone' ? '' : withRange(pairedRatio(samples.of(SYSTEM, tokenP99(situation)), alone)),
        ]),
        note: `Times between the tokens of a stream. Each round ${SECONDS} s of both, in random order, at one service.`,
      },
    ];
  },
};

/** Seconds between neighbours. */
const between = (arrivals: readonly number[]): number[] =>
  arrivals.slice(1).map((at, i) => (at - arrivals[i]!) / 1000);
