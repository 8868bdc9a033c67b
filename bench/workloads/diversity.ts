/** (b) A full batch whose rows belong to one task, to popular and rare ones, to any, or each to its own. */
import { freshRows } from '../inputs.ts';
import { benchPrompts } from '../prompts.ts';
import { integerBelow, powerLaw, type Random } from '../random.ts';
import { withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { pairedRatio, spread } from '../statistics.ts';
import type { BenchPrompt } from '../system.ts';
import { type Context, interleave, pairs, type Workload } from '../workload.ts';

const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 48;

/** For each mixture, which of so many tasks each row belongs to. */
const MIXTURES = {
  identical: () => () => 0,
  skewed: powerLaw,
  uniform: (random: Random, tasks: number) => () => integerBelow(random, tasks),
  distinct: () => (row: number) => row,
} satisfies Record<string, (random: Random, tasks: number) => (row: number) => number>;
type Mixture = keyof typeof MIXTURES;
const NAMES = Object.keys(MIXTURES) as Mixture[];

const figure = (mixture: Mixture): string => `b: tokens/s, ${mixture} tasks`;
export const IDENTICAL = figure('identical');
export const DISTINCT = figure('distinct');

/** Of so many rows, and as many tasks. */
export function diversityOf(rows: number, mixtures: readonly Mixture[] = NAMES): Workload {
  const all = benchPrompts('b', rows, VIRTUAL_TOKENS);
  return {
    id: 'b',
    title: 'Tasks in one batch',
    prompts: all,
    async run(context) {
      for (const [service, mixture] of pairs(context.services, mixtures))
        await decode(context, service, all, mixture, 2);
      // Each service by itself, so that the mixtures of a round lie close together.
      for (const service of context.services) {
        await interleave(context, mixtures, async (mixture) => {
          const seconds = await decode(context, service, all, mixture, OUTPUT_TOKENS);
          context.samples.add(service.name, figure(mixture), (rows * OUTPUT_TOKENS) / seconds);
        });
      }
    },
    tables: (samples) => [
      {
        title: `(b) ${rows} streams, ${INPUT_TOKENS} in, ${OUTPUT_TOKENS} out, by the tasks in the batch`,
        columns: ['system', 'tasks', 'tokens/s', 'against identical'],
        rows: samples
          .systems(IDENTICAL)
          .flatMap((system) => mixtures.map((mixture) => tableRow(samples, system, mixture))),
        note:
          `Every task has its own prompt of ${VIRTUAL_TOKENS} virtual tokens.` +
          (mixtures.includes('skewed') ? ' Skewed: popularity falls as 1/rank.' : ''),
      },
    ],
  };
}

export const diversity = diversityOf(16);

/** Seconds of one row for each of the prompts, of which the mixture chooses. */
async function decode(
  { random }: Context,
  service: Service,
  all: readonly BenchPrompt[],
  mixture: Mixture,
  outputTokens: number,
): Promise<number> {
  const taskOf = MIXTURES[mixture](random, all.length);
  const prompts = all.map((_, row) => all[taskOf(row)]!);
  const rows = freshRows(random, prompts, INPUT_TOKENS);
  return (await service.generate({ rows, outputTokens })).total;
}

function tableRow(samples: Samples, system: string, mixture: Mixture): string[] {
  const values = samples.of(system, figure(mixture));
  const ratio = pairedRatio(values, samples.of(system, IDENTICAL));
  return [system, mixture, withRange(spread(values)), withRange(ratio)];
}
