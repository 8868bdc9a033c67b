import { integerBelow, type Random } from '../../bench/random.ts';
import { Client, succeeded } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { pick } from '../fuzz/mutate/pick.ts';
import { TINY_MODEL } from '../support/service-process.ts';
import { ActiveVersions } from './active-versions.ts';
import { ask, QUESTIONS, type Question } from './questions.ts';

/** What was done and what came out wrong. */
export interface Tally {
  readonly done: Map<string, number>;
  readonly wrong: string[];
  readonly failed: string[];
  /** 429: the load is meant to be below what leads to them, but they are answers. */
  refused: number;
}

interface Task {
  readonly name: string;
  readonly versions: readonly number[];
  readonly active: ActiveVersions;
  /** The right answer by version and question. */
  readonly answers: ReadonlyMap<string, string>;
}

const TASKS = 3;
const VERSIONS = 3;
const ROWS = 4;
const WIDTH = 64;

const activate = (client: Client, task: string, version: number): Promise<unknown> =>
  client.ok('POST', `/v1/tasks/${task}/prompts/${version}/activate`);

/** Mixed load on a service with the small model of the tests; every answer is compared with the calm service's. */
export class Mix {
  readonly tally: Tally = { done: new Map(), wrong: [], failed: [], refused: 0 };
  readonly #client: Client;
  readonly #tasks: readonly Task[];
  readonly #swapping = new Set<Task>();
  #uploads = 0;

  private constructor(client: Client, tasks: readonly Task[]) {
    this.#client = client;
    this.#tasks = tasks;
  }

  /** Uploads the prompts and asks every question of every version once, while nothing else runs. */
  static async prepare(url: string): Promise<Mix> {
    const client = new Client(url);
    const tasks: Task[] = [];
    for (let task = 0; task < TASKS; task++) {
      const name = `soak-${task}`;
      const versions: number[] = [];
      for (let i = 0; i < VERSIONS; i++) {
        const answer = await client.uploadTensor(name, randomPrompt(100 * task + i + 1, ROWS, WIDTH));
        versions.push(succeeded(answer, 'upload').version);
      }
      const answers = new Map<string, string>();
      for (const version of versions) {
        await activate(client, name, version);
        for (const question of QUESTIONS)
          answers.set(`${version} ${question.id}`, await ask(url, name, question));
      }
      tasks.push({ name, versions, answers, active: new ActiveVersions(versions.at(-1)!) });
    }
    return new Mix(client, tasks);
  }

  /** One operation at random: mostly questions. */
  async one(random: Random): Promise<void> {
    const at = random();
    if (at < 0.8) await this.#run('question', () => this.#question(random));
    else if (at < 0.88) await this.#run('activation', () => this.#swap(random));
    else if (at < 0.95) await this.#run('aborted stream', () => this.#abort(random));
    else await this.#run('upload and deletion', this.#uploadAndDelete);
  }

  /** Learns a prompt from some rows and deletes what it made. */
  train(): Promise<void> {
    return this.#run('training job', async () => {
      const client = this.#client;
      const file = await client.uploadFile('soak.jsonl', jsonLines(moodRows(12)));
      const { id } = await client.ok<{ id: string }>('POST', '/v1/fine_tuning/jobs', {
        model: TINY_MODEL,
        training_file: file,
        suffix: 'soak-learned',
        seed: 1,
        method: {
          type: 'prompt_tuning',
          prompt_tuning: { config: { num_virtual_tokens: 2 }, hyperparameters: { max_steps: 3 } },
        },
      });
      // The stream of events ends with the job.
      const events = await fetch(`${client.url}/v1/fine_tuning/jobs/${id}/events?stream=true`);
      await events.text();
      const { status } = await client.ok<{ status: string }>('GET', `/v1/fine_tuning/jobs/${id}`);
      if (status !== 'succeeded') throw new Error(`the job ended as ${status}`);
      await client.ok('DELETE', '/v1/tasks/soak-learned');
    });
  }

  async #run(name: string, operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
      this.tally.done.set(name, (this.tally.done.get(name) ?? 0) + 1);
    } catch (error) {
      if (String(error).includes(' 429')) this.tally.refused++;
      else this.tally.failed.push(`${name}: ${error}`);
    }
  }

  async #question(random: Random): Promise<void> {
    const task = pick(random, this.#tasks);
    const question: Question = pick(random, QUESTIONS);
    const start = performance.now();
    const answer = await ask(this.#client.url, task.name, question);
    const versions = [...task.active.during(start, performance.now())];
    if (versions.some((version) => task.answers.get(`${version} ${question.id}`) === answer)) return;
    this.tally.wrong.push(`${task.name} ${question.id}: ${answer} with versions ${versions}`);
  }

  async #swap(random: Random): Promise<void> {
    const task = pick(random, this.#tasks);
    if (this.#swapping.has(task)) return;
    this.#swapping.add(task);
    try {
      const version = pick(
        random,
        task.versions.filter((candidate) => candidate !== task.active.current),
      );
      await task.active.swap(version, () => activate(this.#client, task.name, version));
    } finally {
      this.#swapping.delete(task);
    }
  }

  async #abort(random: Random): Promise<void> {
    const body = { model: pick(random, this.#tasks).name, prompt: 'a', max_tokens: 150, stream: true };
    const response = await fetch(`${this.#client.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ignore_eos: true }),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const reader = response.body!.getReader();
    for (let left = integerBelow(random, 4); left > 0; left--) await reader.read();
    await reader.cancel();
  }

  readonly #uploadAndDelete: () => Promise<void> = async () => {
    const name = `soak-upload-${this.#uploads++ % 50}`;
    const answer = await this.#client.uploadTensor(name, randomPrompt(10_000 + this.#uploads, ROWS, WIDTH));
    succeeded(answer, 'upload');
    await this.#client.complete({ model: name, prompt: 'left', max_tokens: 2 });
    await this.#client.ok('DELETE', `/v1/tasks/${name}`);
  };
}
