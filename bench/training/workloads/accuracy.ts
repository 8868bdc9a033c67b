/** A job with the default hyperparameters on labelled rows, and what its prompt is worth on rows it never saw. */
import { join } from 'node:path';
import { taskPath } from '../../../src/cli/client.ts';
import { serviceName } from '../../names.ts';
import { gigabytes, number, percent, type Table } from '../../report/table.ts';
import type { Samples } from '../../samples.ts';
import type { Service } from '../../service.ts';
import type { TrainingContext, TrainingWorkload } from '../context.ts';
import { addCurve, curveTable } from '../curve.ts';
import { Jobs, type JobView } from '../jobs.ts';
import { drawRows, jsonLines, type LabelledRow, readRows } from '../rows.ts';

const SYSTEM = serviceName('float32');
const TASK = 'bench-accuracy';
const VIRTUAL_TOKENS = 20;
/** Draws the rows, what the job draws, and the examples of the text prompt. */
const SEED = 1;
const POLL_MS = 500;

/** Part of the test rows that each contender labels rightly. */
export const ACCURACY = {
  version: 'accuracy: soft prompt',
  zero_shot: 'accuracy: zero-shot',
  k_shot: 'accuracy: one example a label',
} as const;
/** From the request for the job to its end. */
export const JOB_MINUTES = 'accuracy: minutes of the job';
/** Bytes of the job's process, at most. */
export const JOB_PEAK = 'accuracy: peak memory of the job';
const secondsOf = (type: keyof typeof ACCURACY): string => `accuracy: seconds of the evaluation, ${type}`;
const TRAINING_ROWS = 'accuracy: training rows';
const TEST_ROWS = 'accuracy: test rows';
const LABELS = 'accuracy: labels';

interface EvaluationView {
  readonly object: 'evaluation';
  readonly labels: readonly string[];
  readonly contenders: readonly {
    readonly type: keyof typeof ACCURACY;
    readonly n: number;
    readonly accuracy: number;
    readonly seconds: number;
  }[];
}

export const accuracy: TrainingWorkload = {
  id: 'accuracy',
  title: 'Accuracy of a job',
  async run(context) {
    const { data, rows: most } = context.options;
    const [training, test] = [
      await readRows(join(data!, 'train.jsonl')),
      await readRows(join(data!, 'test.jsonl')),
    ];
    const rows = drawRows(training, most, SEED);
    context.samples.add(SYSTEM, TRAINING_ROWS, rows.length);
    const service = await context.startService('accuracy');
    await evaluate(context, service, await train(context, service, rows), { rows, test });
    await service.close();
  },
  tables: (samples) =>
    samples.of(SYSTEM, ACCURACY.version).length === 0
      ? []
      : [accuracyTable(samples), curveTable(samples, SYSTEM)],
};

async function train(
  { options, samples, log }: TrainingContext,
  service: Service,
  rows: readonly LabelledRow[],
): Promise<JobView> {
  const jobs = new Jobs(service.url);
  const start = performance.now();
  const job = await jobs.start({
    model: service.base,
    task: TASK,
    rows,
    seed: SEED,
    virtualTokens: VIRTUAL_TOKENS,
    hyperparameters: options.steps === null ? {} : { max_steps: options.steps },
  });
  let peak = 0;
  const look = async (): Promise<void> => {
    peak = Math.max(peak, (await service.childPeakRss()) ?? 0);
  };
  const watch = setInterval(() => void look(), POLL_MS);
  try {
    for await (const { message, data } of jobs.events(job)) {
      if (data.full_valid_loss !== undefined) log(message);
      addCurve(samples, SYSTEM, data);
    }
  } finally {
    clearInterval(watch);
  }
  const done = await jobs.get(job);
  if (done.status !== 'succeeded') throw new Error(`the job ended ${done.status}: ${done.error?.message}`);
  samples.add(SYSTEM, JOB_MINUTES, (performance.now() - start) / 60_000);
  if (peak > 0) samples.add(SYSTEM, JOB_PEAK, peak);
  return done;
}

async function evaluate(
  { samples, log }: TrainingContext,
  service: Service,
  job: JobView,
  { rows, test }: { readonly rows: readonly LabelledRow[]; readonly test: readonly LabelledRow[] },
): Promise<void> {
  const form = new FormData();
  form.append('file', new Blob([jsonLines(test)]), 'test.jsonl');
  form.append('examples', new Blob([jsonLines(rows)]), 'train.jsonl');
  const version = job.fine_tuned_model!.split('@')[1]!;
  const fields = { versions: version, shots: '1', seed: String(SEED), stream: 'true' };
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const baseline of ['zero_shot', 'k_shot']) form.append('baselines', baseline);
  log(`evaluating ${test.length} rows`);
  const { client } = new Jobs(service.url);
  for await (const event of client.events('POST', taskPath(TASK, 'evaluations'), { body: form })) {
    const { object, contenders, labels } = event as EvaluationView;
    if (object !== 'evaluation') continue; // progress
    samples.add(SYSTEM, LABELS, labels.length);
    for (const contender of contenders) {
      samples.add(SYSTEM, ACCURACY[contender.type], contender.accuracy);
      samples.add(SYSTEM, secondsOf(contender.type), contender.seconds);
      samples.add(SYSTEM, TEST_ROWS, contender.n);
    }
  }
}

function accuracyTable(samples: Samples): Table {
  const value = (figure: string): number => samples.of(SYSTEM, figure)[0] ?? Number.NaN;
  const names = {
    version: `soft prompt, ${VIRTUAL_TOKENS} virtual tokens`,
    zero_shot: 'zero-shot text prompt',
    k_shot: `${value(LABELS)}-shot text prompt, one example a label`,
  };
  return {
    title: `Accuracy on ${value(TEST_ROWS)} test rows of ${value(LABELS)} labels, the same frozen model`,
    columns: ['prompt', 'accuracy', 'seconds for the rows'],
    rows: (['version', 'k_shot', 'zero_shot'] as const).map((type) => [
      names[type],
      percent(value(ACCURACY[type])),
      number(value(secondsOf(type))),
    ]),
    note:
      `Learned from ${value(TRAINING_ROWS)} rows in ${number(value(JOB_MINUTES))} minutes, validation and publishing ` +
      `included; the job’s process took at most ${gigabytes(value(JOB_PEAK))} GB.`,
  };
}
