import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../../src/domain/errors.ts';
import { SERVICE } from '../../src/domain/principal.ts';
import type { Page } from '../../src/domain/store.ts';
import {
  type FileReference,
  type Hyperparameters,
  isFinal,
  type JobEvent,
  type JobRequest,
  type JobStatus,
  type Training,
  type TrainingFile,
  type TrainingJob,
  type TrainingStats,
} from '../../src/domain/training.ts';
import type { PageOptions } from '../../src/domain/training-store.ts';
import { MODEL_HASH } from './fakes.ts';

/** What every file holds when it is downloaded: this one. */
const CONTENT = fileURLToPath(import.meta.url);

const HYPERPARAMETERS = { n_epochs: 'auto', activate: 'auto', init_from: null } as Partial<Hyperparameters>;

const EVENT: JobEvent = {
  seq: 1,
  level: 'info',
  type: 'message',
  message: 'Created.',
  data: null,
  createdAt: 1_700_000_000_000,
};

function newest<T extends { readonly id: string }>(
  items: ReadonlyMap<string, T>,
  { limit, after }: PageOptions,
): Page<T> {
  const all = [...items.values()].reverse();
  const rest = all.slice(after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1);
  return { items: rest.slice(0, limit), next: rest.length > limit ? (rest[limit - 1]?.id ?? null) : null };
}

/** Files and jobs in maps. No job ever runs, and files are taken as they are. */
export class FakeTraining implements Training {
  readonly maxFileBytes = 4096;
  readonly files = new Map<string, TrainingFile>();
  readonly jobs = new Map<string, TrainingJob>();

  readonly store = {
    getFile: (id: string) => this.files.get(id) ?? null,
    listFiles: (page: PageOptions) => newest(this.files, page),
    deleteFile: async (id: string) => {
      if (!this.files.delete(id)) throw notFound('file');
    },
    contentPath: async () => CONTENT,
    getJob: (id: string) => this.jobs.get(id) ?? null,
    listJobs: (page: PageOptions) => newest(this.jobs, page),
    listEvents: () => ({ items: [EVENT], next: null }),
    listCheckpoints: (job: string) => ({
      items: [
        { job, step: 4, metrics: { train_loss: 0.5, full_valid_loss: null }, createdAt: EVENT.createdAt },
      ],
      next: null,
    }),
  };

  async addFile(filename: string, _mediaType: string, content: AsyncIterable<Uint8Array>) {
    const hash = createHash('sha256');
    for await (const chunk of content) hash.update(chunk);
    const file: TrainingFile = {
      id: `file-${this.files.size + 1}`,
      sha256: hash.digest('hex'),
      filename,
      format: 'jsonl',
      kind: 'classification',
      bytes: statSync(CONTENT).size,
      rows: 2,
      labels: ['good', 'bad'],
      owner: null,
      createdAt: EVENT.createdAt,
    };
    this.files.set(file.id, file);
    return file;
  }

  async create(request: JobRequest): Promise<TrainingJob> {
    const job: TrainingJob = {
      id: `ftjob-${this.jobs.size + 1}`,
      status: 'queued',
      spec: {
        ...this.#task(request),
        otherTasks: request.otherTasks.map((other) => this.#task(other)),
        model: request.model,
        modelHash: MODEL_HASH,
        seed: request.seed ?? 7,
        config: {
          peft_type: request.peftType,
          num_virtual_tokens: 20,
          prompt_tuning_init: 'auto',
          prompt_tuning_init_text: null,
        },
        hyperparameters: { ...HYPERPARAMETERS, ...request.hyperparameters } as Hyperparameters,
        initialPrompt: null,
        initialPromptType: null,
        sourceJob: null,
        metadata: request.metadata,
      },
      plan: null,
      result: null,
      error: null,
      publishing: false,
      actor: SERVICE,
      createdAt: EVENT.createdAt,
      startedAt: null,
      finishedAt: null,
    };
    this.jobs.set(job.id, job);
    return job;
  }

  #task({ task, trainingFile, validationFile }: JobRequest['otherTasks'][number]) {
    const reference = (id: string): FileReference => {
      const file = this.files.get(id);
      if (file === undefined) throw notFound('file');
      return file;
    };
    return {
      task,
      trainingFile: reference(trainingFile),
      validationFile: validationFile === null ? null : reference(validationFile),
      template: null,
      labels: null,
    };
  }

  async cancel(id: string): Promise<TrainingJob> {
    return this.#move(id, 'cancelled');
  }
  async pause(id: string): Promise<TrainingJob> {
    return this.#move(id, 'paused');
  }
  async resume(id: string): Promise<TrainingJob> {
    return this.#move(id, 'queued');
  }

  #move(id: string, status: JobStatus): TrainingJob {
    const job = this.jobs.get(id);
    if (job === undefined) throw notFound('job');
    if (isFinal(job.status)) throw new DomainError('conflict', 'job_state', `The job is ${job.status}.`);
    const moved = { ...job, status };
    this.jobs.set(id, moved);
    return moved;
  }

  adapter(id: string) {
    if (!this.jobs.has(id)) throw notFound('job');
    const config = '{"num_virtual_tokens":20,"peft_type":"MULTITASK_PROMPT_TUNING","task_type":"CAUSAL_LM"}';
    return { config: Buffer.from(config), model: Buffer.from('tensors') };
  }

  async *follow(): AsyncGenerator<JobEvent, void, void> {
    yield EVENT;
  }

  stats(): TrainingStats {
    const jobs = {
      validating_files: 0,
      queued: 2,
      running: 1,
      paused: 0,
      succeeded: 3,
      failed: 1,
      cancelled: 0,
    };
    return { jobs, stepSeconds: 0.25 };
  }
}

const notFound = (what: 'file' | 'job') =>
  new DomainError('not_found', `${what}_not_found`, `There is no such ${what}.`, { param: what });
