import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../support/proof.ts';
import { completion } from './calls.ts';
import type { Cluster } from './cluster.ts';
import { STEP_MS } from './throughput.ts';

const TASK = 'left';
/** Enough that the answer is far away when its client leaves. */
const TOKENS = 200;
const PAUSE_MS = 20;

/** How long the rows of clients are kept that leave the proxy before their answer has begun. */
export async function measureLeaving(cluster: Cluster, clients: number): Promise<readonly Finding[]> {
  await cluster.publish([TASK]);
  const { method, path, body } = completion(TASK, TOKENS);
  const leave = new AbortController();
  const gone = Array.from({ length: clients }, () =>
    fetch(`${cluster.proxy.url}${path}`, {
      method,
      body: body!,
      headers: { authorization: `Bearer ${cluster.key}`, 'content-type': 'application/json' },
      signal: leave.signal,
    }).then(
      () => 'answered',
      () => 'gone',
    ),
  );
  while ((await running(cluster)) < clients) await sleep(PAUSE_MS);
  leave.abort();
  const left = performance.now();
  while ((await running(cluster)) > 0) await sleep(PAUSE_MS);
  const seconds = (performance.now() - left) / 1000;
  const answered = (await Promise.all(gone)).filter((end) => end === 'answered').length;
  // A third of the time that the answers would have taken.
  const most = (TOKENS * STEP_MS) / 3000;
  return [
    {
      what: `${clients} clients leave the proxy in the middle of an answer of ${TOKENS} tokens: until their rows are free`,
      target: `<= ${most.toFixed(1)} s`,
      measured: `${seconds.toFixed(1)} s`,
      met: seconds <= most && answered === 0,
    },
  ];
}

async function running(cluster: Cluster): Promise<number> {
  const counts = Array.from({ length: cluster.size }, (_, i) =>
    cluster.client(cluster.urlOf(i)).metric('softprompt_engine_running'),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
