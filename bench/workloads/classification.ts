/** (e) Classification of many short texts: which of two labels follows each text. */
import { benchPrompt } from '../prompts.ts';
import { number, percent, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import { median, spread } from '../statistics.ts';
import type { System } from '../system.ts';
import { LABELS, reviews } from '../texts.ts';
import { type Context, interleave, type Workload } from '../workload.ts';

const TEXTS = 500;
const VIRTUAL_TOKENS = 20;
const ROUNDS = 2;

const PROMPT = benchPrompt('e-one', VIRTUAL_TOKENS);

export const TEXTS_PER_SECOND = 'e: texts/s';
const AGREEMENT = 'e: labels as the first system';

type Classifier = System & Required<Pick<System, 'classify'>>;

export const classification: Workload = {
  id: 'e',
  title: 'Classification',
  prompts: [PROMPT],
  async run(context) {
    const systems = [...context.services, ...context.peers].filter(
      (system): system is Classifier => system.classify !== undefined,
    );
    for (const system of systems) await classify(context, system, 32);
    await interleave(
      context,
      systems,
      async (system) => {
        const { seconds } = await classify(context, system, TEXTS);
        context.samples.add(system.name, TEXTS_PER_SECOND, TEXTS / seconds);
      },
      ROUNDS,
    );
    await compareLabels(context, systems);
  },
  tables: (samples) => [
    {
      title: `(e) Classification of ${TEXTS} short texts, ${VIRTUAL_TOKENS} virtual tokens, ${LABELS.length} labels`,
      columns: ['system', 'texts/s', 'same label as the first'],
      rows: samples.systems(TEXTS_PER_SECOND).map((system) => tableRow(samples, system)),
      note: 'Reviews of one to three sentences, none twice.',
    },
  ],
};

function classify({ random }: Context, system: Classifier, count: number) {
  return system.classify({ prompt: PROMPT, texts: reviews(random, count), labels: LABELS });
}

/** That all do the same work shows in their answers to the same texts. */
async function compareLabels({ random, samples }: Context, systems: readonly Classifier[]): Promise<void> {
  const texts = reviews(random, 100);
  let expected: readonly string[] | null = null;
  for (const system of systems) {
    const { labels } = await system.classify({ prompt: PROMPT, texts, labels: LABELS });
    expected ??= labels;
    const same = labels.filter((label, i) => label === expected![i]).length;
    samples.add(system.name, AGREEMENT, same / texts.length);
  }
}

function tableRow(samples: Samples, system: string): string[] {
  return [
    system,
    withRange(spread(samples.of(system, TEXTS_PER_SECOND)), number),
    percent(median(samples.of(system, AGREEMENT))),
  ];
}
