import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANYONE, SERVICE } from '../../src/domain/principal.ts';
import type { Hyperparameters, JobRequest, TrainingJob } from '../../src/domain/training.ts';
import type { TrainingStore } from '../../src/domain/training-store.ts';
import { describeModel, openBundle } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { createPromptSource } from '../../src/prompts/prompt-source.ts';
import { createPublisher } from '../../src/prompts/publisher.ts';
import type { SharedOptions } from '../../src/store/shared/store.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { startTraining, type TrainingParts, type TrainingService } from '../../src/training/jobs/service.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';

const MODEL = 'llama-tiny';

/** Store and training without an engine: what is learned is published, but nothing serves it. */
export interface Jobs {
  readonly store: Store;
  readonly training: TrainingService;
  upload(rows?: readonly object[]): Promise<string>;
  create(
    file: string,
    hyperparameters: Partial<Hyperparameters>,
    request?: Partial<JobRequest>,
  ): Promise<TrainingJob>;
  job(id: string): TrainingJob;
  /** Resolves as soon as the job is as asked; rejects after a minute. */
  until(id: string, wanted: (job: TrainingJob, step: number) => boolean): Promise<TrainingJob>;
  messages(id: string): readonly string[];
  close(): Promise<void>;
}

export interface JobsOptions extends Pick<TrainingParts, 'device' | 'startProcess'> {
  readonly maxBytes?: number;
  readonly store?: (store: TrainingStore) => TrainingStore;
  readonly shared?: SharedOptions;
}

/** A home with a tiny model, removed with the test. */
export async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'softprompt-jobs-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  await importModel({
    source: modelDirectory,
    target: join(home, 'bundle'),
    id: MODEL,
    precision: 'float32',
  });
  return home;
}

/** Opens the store of the home, and lets its jobs go on. */
export async function startJobs(home: string, options: JobsOptions = {}): Promise<Jobs> {
  const bundle = await openBundle(join(home, 'bundle'));
  const { maxBytes, shared, device, startProcess } = options;
  const file = join(home, 'jobs.db');
  const store = await openStore({ file, shared, ...(maxBytes !== undefined && { maxBytes }) });
  const model = describeModel(bundle);
  const prompts = createPromptSource(store);
  const engine = { warm: () => Promise.resolve(), limits: { maxBatchSize: 8 } };
  const training = startTraining({
    store: options.store?.(store.training) ?? store.training,
    tasks: store,
    publisher: createPublisher({ store, engine, model, prompts }),
    model,
    bundle,
    home,
    threads: 1,
    device,
    startProcess,
    log: { info: () => undefined, error: () => undefined },
  });
  const job = (id: string): TrainingJob => store.training.getJob(id)!;
  const events = (id: string) => store.training.eventsAfter(id, 0, 10_000);
  return {
    store,
    training,
    async upload(rows = moodRows(60)) {
      const content = (async function* () {
        yield Buffer.from(jsonLines(rows));
      })();
      return (await training.addFile('rows.jsonl', 'application/jsonl', content, SERVICE)).id;
    },
    create: (file, hyperparameters, request = {}) =>
      training.create(
        {
          model: MODEL,
          trainingFile: file,
          validationFile: null,
          task: 'mood',
          seed: 1,
          peftType: 'PROMPT_TUNING',
          otherTasks: [],
          config: { num_virtual_tokens: 4 },
          metadata: null,
          ...request,
          hyperparameters,
        },
        ANYONE,
        SERVICE,
      ),
    job,
    async until(id, wanted) {
      for (const end = Date.now() + 60_000; ; await sleep(5)) {
        const found = job(id);
        if (wanted(found, store.training.latestCheckpoint(id)?.step ?? 0)) return found;
        if (Date.now() > end) {
          throw new Error(
            `Still ${found.status}: ${events(id)
              .map(({ message }) => message)
              .join(' | ')}`,
          );
        }
      }
    },
    messages: (id) => events(id).flatMap(({ type, message }) => (type === 'message' ? [message] : [])),
    async close() {
      await training.close();
      await store.close();
    },
  };
}

/** Jobs that are closed with the test. */
export async function temporaryJobs(t: TestContext, options: JobsOptions = {}): Promise<Jobs> {
  const jobs = await startJobs(await temporaryHome(t), options);
  t.after(() => jobs.close());
  return jobs;
}

export const hasEnded = ({ status }: TrainingJob): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';
