import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../test/support/client.ts';
import type { Finding } from '../support/proof.ts';
import { ask, TASK } from './asking.ts';

/** What a replica may be behind the others. */
const STALE_MS = 1000;
const CLIENTS = 4;

/** Activates versions 1 to 4 in turn on all replicas, while clients ask all of them. */
export async function measureSwaps(
  urls: readonly string[],
  swaps: number,
  onProgress: (done: number) => void,
): Promise<readonly Finding[]> {
  const versions = [1, 2, 3, 4];
  const texts = new Map<number, string>();
  for (const version of versions) texts.set(version, (await ask(urls[0]!, version)).text);
  /** When each version served last, as far as is known: until its successor was acknowledged. */
  const until = new Map<number, number>();
  let active = 1;
  await new Client(urls[0]!).ok('POST', `/v1/tasks/${TASK}/prompts/1/activate`);
  // What served before is none of these.
  for (const url of urls) while ((await ask(url)).version !== 1) await sleep(2);
  let done = false;
  let [answers, mixed, stale, failed, oldest] = [0, 0, 0, 0, 0];
  const client = async (at: number): Promise<void> => {
    for (let i = at; !done; i++) {
      const asked = performance.now();
      try {
        const { version, text } = await ask(urls[i % urls.length]!);
        answers++;
        if (texts.get(version) !== text) mixed++;
        const age = version === active ? 0 : asked - (until.get(version) ?? asked);
        oldest = Math.max(oldest, age);
        if (age > STALE_MS) stale++;
      } catch {
        failed++;
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(i));
  for (let i = 0; i < swaps; i++) {
    const next = versions[(i + 1) % versions.length]!;
    const before = active;
    until.delete(next);
    active = next;
    await new Client(urls[i % urls.length]!).ok('POST', `/v1/tasks/${TASK}/prompts/${next}/activate`);
    until.set(before, performance.now());
    onProgress(i + 1);
  }
  done = true;
  await Promise.all(clients);
  return [
    {
      what: `answers that mix versions, ${swaps} hot swaps over ${urls.length} replicas`,
      target: '0',
      measured: `${mixed} of ${answers}`,
      met: mixed === 0 && answers > 0,
    },
    {
      what: 'answers of a version that was replaced more than 1 s before they were asked for',
      target: '0',
      measured: `${stale}; the oldest ${oldest.toFixed(0)} ms`,
      met: stale === 0,
    },
    { what: 'failed answers', target: '0', measured: `${failed}`, met: failed === 0 },
  ];
}
