import { randomUUID } from 'node:crypto';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { TINY_MODEL } from '../support/service-process.ts';
import { type Actor, list, type Sent, send, succeeded } from './actor.ts';

/** A request with its key, until it is answered. */
interface Request {
  readonly kind: 'file' | 'job';
  readonly key: string;
  /** Tells what it creates from all else: a file's name, a job's suffix. */
  readonly name: string;
  readonly file: string;
}

/** Jobs that may be unfinished at the same time; one trains, the others wait. */
const MOST_UNFINISHED = 3;

/**
 * Uploads rows and learns from them, each request with an Idempotency-Key: what a kill left unanswered is sent again and
 * must then exist once.
 */
export class JobActor implements Actor {
  acknowledged = 0;
  /** Ids by name, of what was acknowledged. */
  readonly #files = new Map<string, string>();
  readonly #jobs = new Map<string, string>();
  /** The last step of a checkpoint that was seen, by job. */
  readonly #steps = new Map<string, number>();
  readonly #unfinished = new Set<string>();
  #inFlight: Request | null = null;
  #count = 0;

  async step(url: string): Promise<void> {
    await this.#look(url);
    if (this.#unfinished.size < MOST_UNFINISHED) {
      const name = `rows-${this.#count++}`;
      const file = await this.#create(url, { kind: 'file', key: randomUUID(), name, file: '' });
      if (file !== null) await this.#create(url, { kind: 'job', key: randomUUID(), name, file });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async verify(url: string): Promise<readonly string[]> {
    const problems: string[] = [];
    if (this.#inFlight !== null) await this.#create(url, this.#inFlight);
    const files = await list<{ id: string; filename: string }>(url, '/v1/files');
    const jobs = await list<{ id: string; status: string; error?: unknown }>(url, '/v1/fine_tuning/jobs');
    for (const [name, id] of this.#files) {
      const found = files.filter(({ filename }) => filename === `${name}.jsonl`).map((file) => file.id);
      if (found.length !== 1 || found[0] !== id)
        problems.push(`file ${name}: expected ${id}, found ${found}`);
    }
    if (jobs.length !== this.#jobs.size) problems.push(`${this.#jobs.size} jobs, found ${jobs.length}`);
    for (const [name, id] of this.#jobs) {
      const job = jobs.find((item) => item.id === id);
      if (job === undefined) problems.push(`job ${name} ${id} is gone`);
      if (job?.status === 'failed') problems.push(`job ${name} failed: ${JSON.stringify(job.error)}`);
      const step = await this.#lastStep(url, id);
      const seen = this.#steps.get(id) ?? 0;
      if (step < seen) problems.push(`job ${name} was at step ${seen}, is at ${step}`);
    }
    return problems;
  }

  /** Jobs that have not ended yet, and the steps at which all are. */
  async unfinished(url: string): Promise<number> {
    await this.#look(url);
    return this.#unfinished.size;
  }

  get jobs(): number {
    return this.#jobs.size;
  }

  async #look(url: string): Promise<void> {
    for (const id of this.#unfinished) {
      const step = await this.#lastStep(url, id);
      const { body } = await send<{ status: string }>(url, 'GET', `/v1/fine_tuning/jobs/${id}`);
      this.#steps.set(id, step);
      if (['succeeded', 'failed', 'cancelled'].includes(body.status)) this.#unfinished.delete(id);
    }
  }

  async #lastStep(url: string, job: string): Promise<number> {
    const path = `/v1/fine_tuning/jobs/${job}/checkpoints`;
    return (await list<{ step_number: number }>(url, path))[0]?.step_number ?? 0;
  }

  async #create(url: string, request: Request): Promise<string | null> {
    this.#inFlight = request;
    const answer = await (request.kind === 'file' ? upload(url, request) : start(url, request));
    this.#inFlight = null;
    if (!succeeded(answer)) return null;
    this.acknowledged++;
    const { id } = answer.body;
    if (request.kind === 'file') {
      this.#files.set(request.name, id);
    } else {
      this.#jobs.set(request.name, id);
      this.#unfinished.add(id);
    }
    return id;
  }
}

function upload(url: string, { name, key }: Request): Promise<Sent<{ id: string }>> {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new Blob([jsonLines([...moodRows(16), { text: name, label: 'good' }])]), `${name}.jsonl`);
  return send(url, 'POST', '/v1/files', { body: form, headers: { 'idempotency-key': key } });
}

function start(url: string, { name, file, key }: Request): Promise<Sent<{ id: string }>> {
  const hyperparameters = { max_steps: 30, save_steps: 1, batch_size: 4 };
  return send(url, 'POST', '/v1/fine_tuning/jobs', {
    body: JSON.stringify({
      model: TINY_MODEL,
      training_file: file,
      suffix: `learned-${name}`,
      seed: 1,
      method: {
        type: 'prompt_tuning',
        prompt_tuning: { config: { num_virtual_tokens: 4 }, hyperparameters },
      },
    }),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
}
