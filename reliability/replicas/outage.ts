import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../test/support/client.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { Finding } from '../support/proof.ts';
import { ask } from './asking.ts';

const GIVE_UP_MS = 60_000;
const PAUSE_MS = 20;

/** Stops PostgreSQL for a while: what replicas answer meanwhile, and when all of them take and see writes again. */
export async function measureOutage(
  urls: readonly string[],
  server: PostgresServer,
  seconds: number,
): Promise<readonly Finding[]> {
  await server.halt();
  const end = performance.now() + seconds * 1000;
  let [answers, failed, refused, otherwise] = [0, 0, 0, 0];
  for (let i = 0; performance.now() < end; i++) {
    const url = urls[i % urls.length]!;
    await ask(url).then(
      () => answers++,
      () => failed++,
    );
    if (i % 10 === 0) {
      const { status } = await new Client(url).request('PUT', '/v1/tasks/refused', {});
      if (status === 503) refused++;
      else otherwise++;
    }
    await sleep(PAUSE_MS);
  }
  await server.resume();
  const resumed = performance.now();
  for (const [i, url] of urls.entries()) await written(url, `after-${i}`, resumed);
  for (const url of urls) for (const i of urls.keys()) await seen(url, `after-${i}`, resumed);
  const converged = (performance.now() - resumed) / 1000;
  return [
    {
      what: `answers while PostgreSQL is away for ${seconds} s`,
      target: '100 %',
      measured: `${answers} of ${answers + failed}`,
      met: failed === 0 && answers > 0,
    },
    {
      what: 'writes meanwhile that are refused with 503',
      target: 'all',
      measured: `${refused} of ${refused + otherwise}`,
      met: otherwise === 0 && refused > 0,
    },
    {
      what: 'until all take writes again, and see those of the others',
      target: '<= 5 s',
      measured: `${converged.toFixed(1)} s`,
      met: converged <= 5,
    },
  ];
}

async function written(url: string, task: string, since: number): Promise<void> {
  const client = new Client(url);
  while ((await client.request('PUT', `/v1/tasks/${task}`, {})).status >= 300) await patience(since);
}

async function seen(url: string, task: string, since: number): Promise<void> {
  const client = new Client(url);
  while ((await client.request('GET', `/v1/tasks/${task}`)).status !== 200) await patience(since);
}

async function patience(since: number): Promise<void> {
  if (performance.now() - since > GIVE_UP_MS) throw new Error('the replicas did not come back');
  await sleep(PAUSE_MS);
}
