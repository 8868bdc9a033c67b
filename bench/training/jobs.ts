import { ServerClient } from '../../src/cli/client.ts';
import type { JobStatus } from '../../src/domain/training.ts';
import { jsonLines, type LabelledRow } from './rows.ts';

export interface JobView {
  readonly id: string;
  readonly status: JobStatus;
  readonly fine_tuned_model: string | null;
  readonly error: { readonly message: string } | null;
}

/** Numbers that a job reports of a step (`train_loss`) or of a validation (`full_valid_loss`). */
export interface JobEvent {
  readonly type: 'message' | 'metrics';
  readonly message: string;
  readonly data: {
    readonly step?: number;
    readonly total_steps?: number;
    readonly train_loss?: number;
    readonly full_valid_loss?: number;
    readonly full_valid_accuracy?: number;
  };
}

export interface JobRequest {
  readonly model: string;
  readonly task: string;
  readonly rows: readonly LabelledRow[];
  readonly seed: number;
  readonly virtualTokens: number;
  readonly hyperparameters: Readonly<Record<string, string | number>>;
}

const JOBS = '/v1/fine_tuning/jobs';
const POLL_MS = 200;
/** A process of a job starts, validates its files and packs its weights within this time. */
const PATIENCE_MS = 300_000;

/** Training jobs of a service, over HTTP. */
export class Jobs {
  readonly client: ServerClient;

  constructor(url: string) {
    this.client = new ServerClient(url, null);
  }

  /** Uploads the rows and asks for the job. */
  async start(request: JobRequest): Promise<JobView> {
    const { model, task, rows, seed, virtualTokens, hyperparameters } = request;
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    form.append('file', new Blob([jsonLines(rows)]), 'train.jsonl');
    const file = await this.client.call<{ readonly id: string }>('POST', '/v1/files', { body: form });
    const config = { num_virtual_tokens: virtualTokens };
    const method = { type: 'prompt_tuning', prompt_tuning: { config, hyperparameters } };
    return this.client.call('POST', JOBS, {
      json: { model, training_file: file.id, suffix: task, seed, method },
    });
  }

  get({ id }: JobView): Promise<JobView> {
    return this.client.call('GET', `${JOBS}/${id}`);
  }

  /** All events from the first on; ends with the job. */
  events({ id }: JobView): AsyncGenerator<JobEvent> {
    return this.client.events('GET', `${JOBS}/${id}/events?stream=true`, {}) as AsyncGenerator<JobEvent>;
  }

  /** Resolves when the job's process has ended. */
  async pause(job: JobView): Promise<void> {
    await this.client.call('POST', `${JOBS}/${job.id}/pause`);
    await this.until(`pause of ${job.id}`, async () => (await this.get(job)).status === 'paused');
  }

  /** Resolves when a step was made since. */
  async resume(job: JobView): Promise<void> {
    const before = await this.lastStep(job);
    await this.client.call('POST', `${JOBS}/${job.id}/resume`);
    await this.stepAfter(job, before);
  }

  cancel({ id }: JobView): Promise<void> {
    return this.client.call('POST', `${JOBS}/${id}/cancel`);
  }

  /** Resolves when the job reported a step after this one. */
  async stepAfter(job: JobView, step: number): Promise<void> {
    await this.until(`a step of ${job.id}`, async () => (await this.lastStep(job)) > step);
  }

  /** 0 before the first. */
  async lastStep({ id }: JobView): Promise<number> {
    const page = await this.client.call<{ readonly data: readonly JobEvent[] }>(
      'GET',
      `${JOBS}/${id}/events?limit=20`,
    );
    return page.data.find(({ data }) => data.train_loss !== undefined)?.data.step ?? 0;
  }

  private async until(what: string, reached: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await reached())) {
      if (performance.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
