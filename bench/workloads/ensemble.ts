/** (i) What an ensemble costs at low load: one request at a time, answered by one version or by five together. */
import { freshIds } from '../inputs.ts';
import { totalTime } from '../load/latency.ts';
import { streamCompletion } from '../load/stream.ts';
import { benchPrompt } from '../prompts.ts';
import { shuffled } from '../random.ts';
import { milliseconds, withRange } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import { median, pairedRatio, spread } from '../statistics.ts';
import type { BenchPrompt } from '../system.ts';
import { LABELS, reviews } from '../texts.ts';
import { type Context, interleave, type Workload } from '../workload.ts';

const TASK = 'i-ensemble';
const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 32;
/** Requests of each kind and size in one round; their median is the round's figure. */
const REQUESTS = 6;

/** Of one task, so that they become its versions 1 to 5. */
const PROMPTS: readonly BenchPrompt[] = [1, 2, 3, 4, 5].map((member) => ({
  ...benchPrompt(`${TASK}-${member}`, VIRTUAL_TOKENS),
  task: TASK,
}));

const KINDS = ['generate', 'classify'] as const;
type Kind = (typeof KINDS)[number];
const SIZES = [1, PROMPTS.length] as const;

export const ensembleTime = (kind: Kind, size: number): string => `i: ${kind}, ${size} version(s)`;
export const ENSEMBLE_SIZE = PROMPTS.length;

export const ensemble: Workload = {
  id: 'i',
  title: 'Ensembles',
  prompts: PROMPTS,
  async run(context) {
    for (const service of context.services) await measure(context, service, 1); // prefixes into the cache
    await interleave(context, context.services, async (service) => {
      for (const [figure, seconds] of await measure(context, service, REQUESTS)) {
        context.samples.add(service.name, figure, median(seconds));
      }
    });
  },
  tables: (samples) => [
    {
      title: `(i) One request at a time, by one version or by ${ENSEMBLE_SIZE} as an ensemble`,
      columns: ['system', 'request', 'one version, ms', `${ENSEMBLE_SIZE} versions, ms`, 'ratio'],
      rows: samples
        .systems(ensembleTime('generate', 1))
        .flatMap((system) => KINDS.map((kind) => tableRow(samples, system, kind))),
      note:
        `Generate: ${INPUT_TOKENS} tokens in, ${OUTPUT_TOKENS} out, the whole answer. Classify: one review, ` +
        `${LABELS.length} labels. Each round takes the median of ${REQUESTS} requests, in random order.`,
    },
  ],
};

/** Seconds by figure, of `count` requests each, in random order. */
async function measure(context: Context, service: Service, count: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  const cases = KINDS.flatMap((kind) => SIZES.map((size) => ({ kind, size })));
  const order = shuffled(
    context.random,
    cases.flatMap((one) => Array<typeof one>(count).fill(one)),
  );
  for (const { kind, size } of order) {
    const seconds =
      kind === 'generate' ? await generate(context, service, size) : await classify(context, service, size);
    const figure = ensembleTime(kind, size);
    times.set(figure, [...(times.get(figure) ?? []), seconds]);
  }
  return times;
}

const versionsOf = (size: number): number[] => Array.from({ length: size }, (_, i) => i + 1);

async function generate({ random }: Context, { url }: Service, size: number): Promise<number> {
  const model = `${TASK}@${versionsOf(size).join('+')}`;
  const prompt = freshIds(random, INPUT_TOKENS);
  const result = await streamCompletion(url, { model, prompt, max_tokens: OUTPUT_TOKENS });
  if (result.tokens.length !== OUTPUT_TOKENS) throw new Error(`${model}: status ${result.status}`);
  return totalTime(result);
}

async function classify({ random }: Context, { url }: Service, size: number): Promise<number> {
  const body = { inputs: reviews(random, 1), labels: LABELS, versions: versionsOf(size) };
  const start = performance.now();
  const response = await fetch(`${url}/v1/tasks/${TASK}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`classify: ${response.status} ${text}`);
  return (performance.now() - start) / 1000;
}

function tableRow(samples: Samples, system: string, kind: Kind): string[] {
  const [one, all] = SIZES.map((size) => samples.of(system, ensembleTime(kind, size))) as [
    number[],
    number[],
  ];
  return [
    system,
    kind,
    withRange(spread(one), milliseconds),
    withRange(spread(all), milliseconds),
    withRange(pairedRatio(all, one)),
  ];
}
