/** (b) A full batch whose rows belong to one task, to popular and rare ones, to any, or each to its own. */
import { freshRows } from '../inputs.ts';
import { benchPrompts } from '../prompts.ts';
import { integerBelow, powerLaw, type Random } from '../random.ts';
import { withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { pairedRatio, spread } from '../statistics.ts';
import { type Context, interleave, pairs, type Workload } from '../workload.ts';

const ROWS = 16;
const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 48;

const PROMPTS = benchPrompts('b', ROWS, VIRTUAL_TOKENS);

/** For each mixture, which task each row belongs to. */
const MIXTURES = {
  identical: () => () => 0,
  skewed: (random: Random) => powerLaw(random, ROWS),
  uniform: (random: Random) => () => integerBelow(random, ROWS),
  distinct: () => (row: number) => row,
} satisfies Record<string, (random: Random) => (row: number) => number>;
type Mixture = keyof typeof MIXTURES;
const NAMES = Object.keys(MIXTURES) as Mixture[];

const figure = (mixture: Mixture): string => `b: tokens/s, ${mixture} tasks`;
export const IDENTICAL = figure('identical');
export const DISTINCT = figure('distinct');

export const diversity: Workload = {
  id: 'b',
  title: 'Tasks in one batch',
  prompts: PROMPTS,
  async run(context) {
    for (const [service, mixture] of pairs(context.services, NAMES))
      await decode(context, service, mixture, 2);
    // Each service by itself, so that the four mixtures of a round lie close together.
    for (const service of context.services) {
      await interleave(context, NAMES, async (mixture) => {
        const seconds = await decode(context, service, mixture, OUTPUT_TOKENS);
        context.samples.add(service.name, figure(mixture), (ROWS * OUTPUT_TOKENS) / seconds);
      });
    }
  },
  tables: (samples) => [
    {
      title: `(b) ${ROWS} streams, ${INPUT_TOKENS} in, ${OUTPUT_TOKENS} out, by the tasks in the batch`,
      columns: ['system', 'tasks', 'tokens/s', 'against identical'],
      rows: samples
        .systems(IDENTICAL)
        .flatMap((system) => NAMES.map((mixture) => tableRow(samples, system, mixture))),
      note: `Every task has its own prompt of ${VIRTUAL_TOKENS} virtual tokens. Skewed: popularity falls as 1/rank.`,
    },
  ],
};

async function decode({ random }: Context, service: Service, mixture: Mixture, outputTokens: number) {
  const taskOf = MIXTURES[mixture](random);
  const prompts = Array.from({ length: ROWS }, (_, row) => PROMPTS[taskOf(row)]!);
  const rows = freshRows(random, prompts, INPUT_TOKENS);
  return (await service.generate({ rows, outputTokens })).total;
}

function tableRow(samples: Samples, system: string, mixture: Mixture): string[] {
  const values = samples.of(system, figure(mixture));
  const ratio = pairedRatio(values, samples.of(system, IDENTICAL));
  return [system, mixture, withRange(spread(values)), withRange(ratio)];
}
