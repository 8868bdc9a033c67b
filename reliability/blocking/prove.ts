import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../test/support/client.ts';
import { createWorkplace, ServiceProcess } from '../support/service-process.ts';
import { type Attack, attacks, LONGEST_TASK } from './attacks.ts';

const TURN_TIMES = new URL('../support/turn-times.mjs', import.meta.url);
/** The service has looked at its turns by then. */
const SETTLE_MS = 50;
const LONG_TASKS = 100;

export interface BlockingOptions {
  /** Tokens of each choice. */
  readonly tokens: number;
  /** How often each request is sent at the same time. */
  readonly atOnce: number;
  onAttack(done: number, all: number): void;
}

export interface BlockingResult {
  readonly name: string;
  /** Processor time of the longest turn of the service's event loop while the requests were answered. */
  readonly longestMs: number;
  /** Answers with another status than the attack should have. */
  readonly wrong: readonly number[];
}

/** Sends the requests that are most work to a service, one kind after the other, and looks at the turns of its event loop. */
export async function proveBlocking({
  tokens,
  atOnce,
  onAttack,
}: BlockingOptions): Promise<readonly BlockingResult[]> {
  const place = await createWorkplace();
  const file = join(place.directory, 'turn-times');
  const service = await ServiceProcess.start({
    ...place,
    // Nothing is refused for want of room: that is another proof.
    flags: { 'max-queue-length': '4096', 'max-queue-wait-ms': '600000', 'queue-timeout-ms': '600000' },
    env: { NODE_OPTIONS: `--import=${TURN_TIMES.href}`, TURN_TIMES: file },
  });
  try {
    const client = new Client(service.url);
    for (let i = 0; i < LONG_TASKS; i++) await client.ok('PUT', `/v1/tasks/long-${i}`, LONGEST_TASK);
    const all = attacks(tokens);
    const results: BlockingResult[] = [];
    for (const attack of all) {
      await rm(file, { force: true });
      await sleep(SETTLE_MS);
      const sent = Array.from({ length: atOnce }, () => send(service.url, attack));
      const wrong = (await Promise.all(sent)).filter((status) => status !== attack.status);
      await sleep(SETTLE_MS);
      results.push({ name: attack.name, longestMs: Number(await readFile(file, 'utf8')), wrong });
      onAttack(results.length, all.length);
    }
    return results;
  } finally {
    await service.stop();
    await place.remove();
  }
}

/** Reads the whole answer and keeps nothing of it. */
async function send(url: string, { method, path, body }: Attack): Promise<number> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  await response.body?.pipeTo(new WritableStream());
  return response.status;
}
