import { randomPrompt } from '../../test/support/prompts.ts';
import { type Actor, list, type Sent, send, succeeded } from './actor.ts';

const ROWS = 4;
/** Width of a row of the tiny model's prompts. */
const TOKEN_DIM = 64;
/** Versions of a task beyond which it is deleted. */
const MOST_VERSIONS = 6;

/** One state of a task; `*`: a content that was sent but never acknowledged. */
interface TaskState {
  readonly active: number | null;
  readonly versions: Readonly<Record<number, string>>;
}

interface Change {
  readonly send: () => Promise<Sent<{ readonly sha256?: string }>>;
  /** @param sha256 of the uploaded version */
  readonly after: (sha256: string) => TaskState | null;
}

/** Uploads, activates and deletes versions of one task, one change after the other. */
export class PromptActor implements Actor {
  acknowledged = 0;
  readonly #task: string;
  readonly #random: () => number;
  /** Null: the task does not exist. */
  #state: TaskState | null = null;
  /** Of all versions that the task ever had. */
  #last = 0;
  #inFlight: Change | null = null;

  constructor(task: string, random: () => number) {
    this.#task = task;
    this.#random = random;
  }

  async step(url: string): Promise<void> {
    const change = this.#choose(url);
    this.#inFlight = change;
    const answer = await change.send();
    this.#inFlight = null;
    if (!succeeded(answer)) return;
    this.acknowledged++;
    this.#adopt(change.after(answer.body?.sha256 ?? ''));
  }

  async verify(url: string): Promise<readonly string[]> {
    const found = await this.#read(url);
    const expected = [this.#state, ...(this.#inFlight === null ? [] : [this.#inFlight.after('*')])];
    this.#inFlight = null;
    const fits = expected.some((state) => same(state, found));
    this.#adopt(found);
    if (fits) return [];
    return [`${this.#task}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`];
  }

  #adopt(state: TaskState | null): void {
    this.#state = state;
    this.#last = Math.max(this.#last, ...Object.keys(state?.versions ?? {}).map(Number));
  }

  #choose(url: string): Change {
    const state = this.#state;
    const path = `/v1/tasks/${this.#task}`;
    const numbers = Object.keys(state?.versions ?? {}).map(Number);
    const chance = this.#random();
    if (state === null || numbers.length < 2 || chance < 0.5) return this.#upload(url, path, chance < 0.3);
    if (numbers.length > MOST_VERSIONS) return { send: () => send(url, 'DELETE', path), after: () => null };
    const picked = numbers[Math.floor(this.#random() * numbers.length)]!;
    if (chance < 0.8 || picked === state.active) {
      return {
        send: () => send(url, 'POST', `${path}/prompts/${picked}/activate`),
        after: () => ({ ...state, active: picked }),
      };
    }
    const { [picked]: _gone, ...versions } = state.versions;
    return {
      send: () => send(url, 'DELETE', `${path}/prompts/${picked}`),
      after: () => ({ ...state, versions }),
    };
  }

  #upload(url: string, path: string, activate: boolean): Change {
    const state = this.#state ?? { active: null, versions: {} };
    const number = this.#last + 1;
    const seed = Math.floor(this.#random() * 2 ** 32);
    const content = new Uint8Array(randomPrompt(seed, ROWS, TOKEN_DIM));
    const init = { body: new Blob([content]), headers: { 'content-type': 'application/octet-stream' } };
    return {
      send: () => send(url, 'POST', `${path}/prompts?activate=${activate}`, init),
      after: (sha256) => ({
        active: activate ? number : state.active,
        versions: { ...state.versions, [number]: sha256 },
      }),
    };
  }

  async #read(url: string): Promise<TaskState | null> {
    const { status, body } = await send<{ active_version: number | null }>(
      url,
      'GET',
      `/v1/tasks/${this.#task}`,
    );
    if (status === 404) return null;
    const prompts = await list<{ version: number; sha256: string }>(url, `/v1/tasks/${this.#task}/prompts`);
    return {
      active: body.active_version,
      versions: Object.fromEntries(prompts.map(({ version, sha256 }) => [version, sha256])),
    };
  }
}

function same(expected: TaskState | null, found: TaskState | null): boolean {
  if (expected === null || found === null) return expected === found;
  const numbers = Object.keys(expected.versions).map(Number);
  return (
    expected.active === found.active &&
    numbers.length === Object.keys(found.versions).length &&
    numbers.every((number) => {
      const wanted = expected.versions[number];
      const given = found.versions[number];
      return given !== undefined && (wanted === '*' || wanted === given);
    })
  );
}
