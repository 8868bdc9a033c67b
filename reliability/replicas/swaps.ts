import { setTimeout as sleep } from 'node:timers/promises';
import { Client, succeeded } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import type { Finding } from '../support/proof.ts';
import { ask } from './asking.ts';

/** What a replica may be behind the others. */
const STALE_MS = 1000;
/** Tasks that are swapped at the same time; a client each asks all replicas. */
const LANES = 4;
/** Between two questions: the swaps need the processors, too. */
const PAUSE_MS = 30;
const VERSIONS = [1, 2, 3, 4];
/** Width of the small model. */
const TOKEN_DIM = 64;

interface Seen {
  answers: number;
  /** Texts that another version gave. */
  mixed: number;
  stale: number;
  failed: number;
  /** Activations that were refused with 503 and sent again. */
  refused: number;
  /** Of a version that was replaced: the longest time from then to the question, milliseconds. */
  oldest: number;
}

/** Activates the versions of several tasks in turn on all replicas, while clients ask all of them. */
export async function measureSwaps(
  urls: readonly string[],
  swaps: number,
  onProgress: (done: number) => void,
): Promise<readonly Finding[]> {
  const seen: Seen = { answers: 0, mixed: 0, stale: 0, failed: 0, refused: 0, oldest: 0 };
  let done = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: LANES }, (_, lane) =>
      swapTask(urls, `swapped-${lane}`, Math.ceil(swaps / LANES), seen, () => onProgress(++done)),
    ),
  );
  const seconds = Math.round((performance.now() - began) / 1000);
  return [
    {
      what: `answers that mix versions, ${done} hot swaps over ${urls.length} replicas in ${seconds} s`,
      target: '0',
      measured: `${seen.mixed} of ${seen.answers}`,
      met: seen.mixed === 0 && seen.answers > 0,
    },
    {
      what: 'answers of a version that was replaced more than 1 s before they were asked for',
      target: '0',
      measured: `${seen.stale}; the oldest ${seen.oldest.toFixed(0)} ms`,
      met: seen.stale === 0,
    },
    { what: 'failed answers', target: '0', measured: `${seen.failed}`, met: seen.failed === 0 },
    { what: 'activations sent again after 503', target: '', measured: `${seen.refused}`, met: null },
  ];
}

async function swapTask(
  urls: readonly string[],
  task: string,
  swaps: number,
  seen: Seen,
  onSwap: () => void,
): Promise<void> {
  for (const seed of VERSIONS) {
    succeeded(await new Client(urls[0]!).uploadTensor(task, randomPrompt(seed, 4, TOKEN_DIM)), 'upload');
  }
  const texts = new Map<number, string>();
  for (const version of VERSIONS) texts.set(version, (await ask(urls[0]!, version, task)).text);
  /** When each version served last, as far as is known: until its successor was acknowledged. */
  const until = new Map<number, number>();
  let active = 1;
  await activate(urls[0]!, task, active, seen);
  // What served before is none of these.
  for (const url of urls) while ((await servedVersion(url, task)) !== active) await sleep(2);
  let done = false;
  const asking = async (): Promise<void> => {
    for (let i = 0; !done; i++) {
      const asked = performance.now();
      try {
        const { version, text } = await ask(urls[i % urls.length]!, undefined, task);
        seen.answers++;
        if (texts.get(version) !== text) seen.mixed++;
        const age = version === active ? 0 : asked - (until.get(version) ?? asked);
        seen.oldest = Math.max(seen.oldest, age);
        if (age > STALE_MS) seen.stale++;
      } catch {
        seen.failed++;
      }
      await sleep(PAUSE_MS);
    }
  };
  const client = asking();
  for (let i = 0; i < swaps; i++) {
    const next = VERSIONS[(i + 1) % VERSIONS.length]!;
    const before = active;
    until.delete(next);
    active = next;
    await activate(urls[i % urls.length]!, task, next, seen);
    until.set(before, performance.now());
    onSwap();
  }
  done = true;
  await client;
}

/** A machine that is too busy answers 503 when PostgreSQL was silent for long; nothing is changed then. */
async function activate(url: string, task: string, version: number, seen: Seen): Promise<void> {
  const path = `/v1/tasks/${task}/prompts/${version}/activate`;
  for (;;) {
    const answer = await new Client(url).request('POST', path);
    if (answer.status !== 503) return void succeeded(answer, path);
    seen.refused++;
  }
}

/** Null: this replica does not know the task yet. */
async function servedVersion(url: string, task: string): Promise<number | null> {
  return ask(url, undefined, task).then(
    ({ version }) => version,
    () => null,
  );
}
