import { setTimeout as sleep } from 'node:timers/promises';
import { Client, succeeded } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import type { Finding } from '../support/proof.ts';
import { ask, quantile, TASK } from './asking.ts';

/** Width of the small model. */
const TOKEN_DIM = 64;
const GIVE_UP_MS = 30_000;

/** Uploads to one replica after the other; milliseconds from each acknowledgement to the first answer of the next replica with it. */
export async function measurePropagation(
  urls: readonly string[],
  uploads: number,
  onProgress: (done: number) => void,
): Promise<readonly Finding[]> {
  const delays: number[] = [];
  let wrong = 0;
  for (let i = 0; i < uploads; i++) {
    const [from, to] = [urls[i % urls.length]!, urls[(i + 1) % urls.length]!];
    const answer = await new Client(from).uploadTensor(TASK, randomPrompt(1000 + i, 4, TOKEN_DIM));
    const { version } = succeeded(answer, 'upload');
    const acknowledged = performance.now();
    let answered = await ask(to);
    while (answered.version !== version) {
      if (performance.now() - acknowledged > GIVE_UP_MS)
        throw new Error(`${to} never served version ${version}`);
      await sleep(2);
      answered = await ask(to);
    }
    delays.push(performance.now() - acknowledged);
    if ((await ask(from, version)).text !== answered.text) wrong++;
    onProgress(i + 1);
  }
  const p99 = quantile(delays, 0.99);
  const ms = (share: number) => `${quantile(delays, share).toFixed(0)} ms`;
  return [
    {
      what: 'upload on one replica, first answer with it on another',
      target: 'p99 <= 1 s',
      measured: `${ms(0.99)} (median ${ms(0.5)}, ${uploads} uploads)`,
      met: p99 <= 1000,
    },
    {
      what: 'answers of that replica that differ from those of the first',
      target: '0',
      measured: `${wrong}`,
      met: wrong === 0,
    },
  ];
}
