import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { PromptHandle } from '../../domain/engine.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import {
  isFinal,
  type JobSpec,
  type JobStatus,
  jobTasks,
  type Training,
  type TrainingJob,
} from '../../domain/training.ts';
import type { FileFacts, TrainingStore } from '../../domain/training-store.ts';
import { visibleFiles, visibleJobs, visibleLookups } from '../../domain/visibility.ts';
import { CPU, type Device } from '../../engine/devices/device.ts';
import type { Bundle } from '../../model/bundle.ts';
import type { PromptContent } from '../child/protocol.ts';
import { readDataset } from '../dataset/dataset.ts';
import { DATASET_LIMITS } from '../dataset/limits.ts';
import { adapterOf } from './adapter.ts';
import { EventLog, message } from './event-log.ts';
import { formatOf } from './format.ts';
import { jobOf } from './job-of.ts';
import type { PublishParts } from './publish.ts';
import { Runner, type RunnerParts } from './runner.ts';
import { shareJobs } from './sharing.ts';
import type { JobSource } from './sources.ts';
import { specify } from './specification.ts';
import { trainableBundle } from './trainable-bundle.ts';
import type { StartTraining } from './training-process.ts';

export interface TrainingParts extends PublishParts {
  readonly store: TrainingStore;
  readonly model: ModelInfo;
  /** The bundle that serves, and the cache in which its float32 twin is looked for. */
  readonly bundle: Bundle;
  readonly home: string;
  /** Threads of one run of the training graph; 0: the physical cores. */
  readonly threads: number;
  /** Where jobs learn, asked for each; the signal aborts when the service closes. Left out: the processor. */
  readonly device?: ((signal: AbortSignal) => Promise<Device>) | undefined;
  /** What tests replace. */
  readonly startProcess?: StartTraining | undefined;
  readonly log: { info(fields: object, text: string): void; error(fields: object, text: string): void };
  readonly maxFileBytes?: number;
  /** Throws when the engine could not serve what would be learned; left out: it serves everything. */
  readonly assertServes?: ((form: PromptHandle['form']) => void) | undefined;
}

/** {@link Training} with its end. */
export interface TrainingService extends Training {
  /** Process id of a job that is worked on now. */
  pid(job: string): number | undefined;
  close(): Promise<void>;
}

const UNFINISHED: readonly JobStatus[] = ['validating_files', 'queued', 'running', 'paused'];
/** Time between two looks at what other servers on the same store changed. */
const LOOK_MS = 1000;
/** Events that one read of a follower takes. */
const FOLLOW_PAGE = 100;

/** Starts the queue; jobs that an earlier server left go on. */
export function startTraining(parts: TrainingParts): TrainingService {
  const { store, tasks, publisher, model, bundle, home, threads, log } = parts;
  const maxFileBytes = parts.maxFileBytes ?? DATASET_LIMITS.maxBytes;
  const events = new EventLog(store, (error) => log.error({ err: error }, 'events of a job were not stored'));
  const closing = new AbortController();
  const runnerParts: Omit<RunnerParts, 'source'> = {
    store,
    tasks,
    publisher,
    events,
    async assignmentOf({ id, spec }) {
      const { directory } = await trainableBundle(bundle, home);
      // A job that has a checkpoint goes on from there, also when the prompt that it began with was deleted.
      const begins = store.latestCheckpoint(id) === null;
      return {
        spec,
        bundle: directory,
        files: await Promise.all(
          jobTasks(spec).map(async ({ trainingFile, validationFile }) => ({
            trainingPath: await store.contentPath(trainingFile.sha256),
            validationPath: validationFile && (await store.contentPath(validationFile.sha256)),
          })),
        ),
        initialPrompt: begins ? readInitialPrompt(tasks, spec) : null,
        sourceAdapter: begins && spec.sourceJob ? adapterOf(store, spec.sourceJob, model).model : null,
        threads,
      };
    },
    device: async () => (await parts.device?.(closing.signal)) ?? CPU,
    startProcess: parts.startProcess,
    onFailure: (error, job) => log.error({ err: error, job: job?.id }, 'a training job met a fault'),
  };
  /** Null: another server on this store trains. */
  let runner: Runner | null = null;
  async function work(source: JobSource): Promise<void> {
    const own = new Runner({ ...runnerParts, source });
    runner = own;
    const timer = setInterval(() => own.look(), LOOK_MS);
    own.kick();
    if (!closing.signal.aborted) await once(closing.signal, 'abort');
    clearInterval(timer);
    await own.close();
    runner = null;
  }
  const turn = shareJobs({
    store,
    signal: closing.signal,
    work,
    keepOnly: (claimed) => runner?.keepOnly(claimed),
    log,
  });

  /** Moves a job, or says why it cannot be moved. */
  async function move(
    id: string,
    verb: string,
    from: readonly JobStatus[],
    to: (job: TrainingJob) => { readonly status: JobStatus; readonly finishedAt?: number },
    text: string,
    audited?: Parameters<TrainingStore['changeJob']>[4],
  ): Promise<TrainingJob> {
    const job = jobOf(store, id);
    const change = { ...to(job), error: null };
    const said = [message('info', text)];
    const moved = await store.changeJob(id, { from, busy: false }, change, said, audited);
    if (moved === null) throw stateConflict(jobOf(store, id), verb, from);
    events.announce(id);
    return moved;
  }

  return {
    store,
    maxFileBytes,
    pid: (job) => runner?.pid(job),
    addFile(filename, mediaType, content, actor, claim) {
      const inspect = async (path: string): Promise<FileFacts> => {
        const format = await formatOf(filename, mediaType, path);
        const { kind, rows, labels } = await readDataset(createReadStream(path), { format });
        return { filename, format, kind, rows: rows.length, labels };
      };
      return store.addFile(content, maxFileBytes, inspect, actor, claim);
    },
    async create(request, caller, actor, claim) {
      const earlier = claim && store.earlierJob(claim);
      if (earlier) return earlier;
      const seen = { ...visibleFiles(store, caller), ...visibleJobs(store, caller) };
      const spec = specify({ store: seen, tasks: visibleLookups(tasks, caller), model }, request);
      parts.assertServes?.(request.peftType === 'PREFIX_TUNING' ? 'keysValues' : 'rows');
      // Asked now as well as at the start: the person who can import it is here.
      await trainableBundle(bundle, home);
      const job = await store.addJob(spec, actor, claim);
      events.add(job.id, message('info', `Created fine-tuning job: ${job.id}`));
      await events.flush();
      runner?.kick();
      return job;
    },
    async cancel(id, actor) {
      const to = () => ({ status: 'cancelled', finishedAt: Date.now() }) as const;
      const audited = { action: 'job.cancel', actor } as const;
      const job = await move(id, 'cancelled', UNFINISHED, to, 'The job was cancelled.', audited);
      runner?.interrupt(id, 'kill');
      return job;
    },
    async pause(id) {
      const from = UNFINISHED.filter((status) => status !== 'paused');
      const job = await move(id, 'paused', from, () => ({ status: 'paused' }), 'The job was paused.');
      runner?.interrupt(id, 'checkpoint');
      return job;
    },
    async resume(id) {
      const to = ({ plan }: TrainingJob) =>
        ({ status: plan === null ? 'validating_files' : 'queued' }) as const;
      const job = await move(id, 'resumed', ['paused'], to, 'The job was resumed.');
      runner?.kick();
      return job;
    },
    adapter: (id) => adapterOf(store, id, model),
    stats: () => ({ jobs: store.countJobs(), stepSeconds: runner?.stepSeconds ?? null }),
    async *follow(id, signal) {
      jobOf(store, id);
      const either = AbortSignal.any([signal, closing.signal]);
      const watch = events.watch(id);
      try {
        for (let seq = 0; !either.aborted; ) {
          // Read before the events: what a job says at its end is stored together with its last state.
          const { status } = jobOf(store, id);
          const found = store.eventsAfter(id, seq, FOLLOW_PAGE);
          for (const event of found) {
            yield event;
            seq = event.seq;
          }
          if (found.length > 0) continue;
          if (isFinal(status)) return;
          await watch.next(either);
        }
      } finally {
        watch.close();
      }
      if (closing.signal.aborted) {
        throw new DomainError('unavailable', 'draining', 'The service is shutting down.', { retryAfter: 5 });
      }
    },
    async close() {
      closing.abort();
      await turn;
    },
  };
}

function readInitialPrompt(
  tasks: PublishParts['tasks'],
  { initialPrompt: sha256, initialPromptType }: JobSpec,
): PromptContent | null {
  if (sha256 === null) return null;
  const file = tasks.readFile(sha256);
  if (file !== null) return { peftType: initialPromptType ?? 'PROMPT_TUNING', file };
  throw new DomainError('unprocessable', 'init_prompt_gone', 'The prompt to start from was deleted.', {
    param: 'init_from',
    given: sha256,
  });
}

function stateConflict(job: TrainingJob, verb: string, from: readonly JobStatus[]): DomainError {
  const reason = job.publishing ? 'its result is being published' : `it is ${job.status}`;
  return new DomainError('conflict', 'job_state', `The job cannot be ${verb}: ${reason}.`, {
    param: 'job',
    expected: from,
    given: job.publishing ? 'publishing' : job.status,
  });
}
