/** (d) What a soft prompt costs one stream: time to first token and between tokens by the prompt's length. */
import { freshIds } from '../inputs.ts';
import { timePerToken, timeToFirstToken } from '../load/latency.ts';
import { streamCompletion } from '../load/stream.ts';
import { benchPrompt } from '../prompts.ts';
import { shuffled } from '../random.ts';
import { milliseconds, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { median, pairedRatio, spread } from '../statistics.ts';
import type { BenchPrompt } from '../system.ts';
import { type Context, interleave, type Workload } from '../workload.ts';

const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 5;
/** Requests of each length in one round; their median is the round's figure. */
const REQUESTS = 8;

/** The prompt of a length; none for length 0. */
const promptOf = (length: number): BenchPrompt | null =>
  length === 0 ? null : benchPrompt(`d-${length}`, length);

const firstToken = (length: number): string => `d: first token, ${length} virtual tokens`;
const betweenTokens = (length: number): string => `d: between tokens, ${length} virtual tokens`;
export const NO_PROMPT = firstToken(0);
export const LONG_PROMPT = firstToken(100);

/** Of these lengths, the first of which is 0. */
export function promptLengthOf(lengths: readonly number[]): Workload {
  return {
    id: 'd',
    title: 'Length of the prompt',
    prompts: lengths.flatMap((length) => promptOf(length) ?? []),
    async run(context) {
      // Prefixes into the cache.
      for (const service of context.services) await measure(context, service, lengths, 2);
      await interleave(context, context.services, async (service) => {
        for (const [length, { first, between }] of await measure(context, service, lengths, REQUESTS)) {
          context.samples.add(service.name, firstToken(length), median(first));
          context.samples.add(service.name, betweenTokens(length), median(between));
        }
      });
    },
    tables: (samples) => [
      {
        title: `(d) One stream, ${INPUT_TOKENS} tokens in, by the number of virtual tokens`,
        columns: [
          'system',
          'virtual tokens',
          'first token, ms',
          'against none',
          'between tokens, ms',
          'against none',
        ],
        rows: samples
          .systems(NO_PROMPT)
          .flatMap((system) => lengths.map((length) => tableRow(samples, system, length))),
        note:
          `Each round takes the median of ${REQUESTS} requests a length, in random order. Prefixes are cached, except ` +
          'of a system whose name says that they are not.',
      },
    ],
  };
}

export const promptLength = promptLengthOf([0, 8, 20, 50, 100, 200]);

interface Times {
  readonly first: number[];
  readonly between: number[];
}

/** Seconds by length, of `count` requests each, in random order. */
async function measure(
  { random }: Context,
  service: Service,
  lengths: readonly number[],
  count: number,
): Promise<Map<number, Times>> {
  const times = new Map<number, Times>(lengths.map((length) => [length, { first: [], between: [] }]));
  const order = shuffled(
    random,
    lengths.flatMap((length) => Array<number>(count).fill(length)),
  );
  for (const length of order) {
    const model = promptOf(length)?.task ?? service.base;
    const prompt = freshIds(random, INPUT_TOKENS);
    const result = await streamCompletion(service.url, { model, prompt, max_tokens: OUTPUT_TOKENS });
    const { first, between } = times.get(length)!;
    first.push(timeToFirstToken(result));
    between.push(timePerToken(result));
  }
  return times;
}

function tableRow(samples: Samples, system: string, length: number): string[] {
  const first = samples.of(system, firstToken(length));
  const between = samples.of(system, betweenTokens(length));
  return [
    system,
    String(length),
    withRange(spread(first), milliseconds),
    withRange(pairedRatio(first, samples.of(system, firstToken(0)))),
    withRange(spread(between), milliseconds),
    withRange(pairedRatio(between, samples.of(system, betweenTokens(0)))),
  ];
}
