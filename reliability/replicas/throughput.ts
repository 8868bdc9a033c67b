import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../test/support/numbers.ts';
import type { Finding } from '../support/proof.ts';
import { completion, send } from './calls.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';

export const STEP_MS = 50;
const ROWS = 8;
const TOKENS = 32;
/** It waits for its turn, however long; other calls are refused in such an overload. */
const BATCH_WORK = { service_tier: 'flex' };
/** Several times what three replicas decode at a time: however many there are, calls wait at each. */
const CLIENTS = 72;
const TASKS = Array.from({ length: 48 }, (_, i) => `load-${i}`);
/** Windows for each number of replicas, in turn: other work of the machine comes and goes. */
const WINDOWS = 3;
/** From the change of the number of replicas: rows and caches fill. */
const WARM_UP_MS = 5000;

/** Replicas whose model takes a fixed time for a step, as one on an accelerator of its own does. */
export const SLOW_ENGINE: Omit<ClusterOptions, 'replicas'> = {
  flags: { 'max-batch-size': `${ROWS}`, 'max-queue-wait-ms': '600000', 'queue-timeout-ms': '600000' },
  env: {
    NODE_OPTIONS: `--import ${fileURLToPath(new URL('../support/slow-engine.mjs', import.meta.url))}`,
    ENGINE_STEP_MS: `${STEP_MS}`,
  },
};

/** Tokens a second through the proxy of one replica, the others being taken out, and of all, with the same clients. */
export async function measureThroughput(cluster: Cluster, seconds: number): Promise<readonly Finding[]> {
  await cluster.publish(TASKS);
  const all = cluster.network.replicas.map((_, i) => i);
  const failed: string[] = [];
  let done = false;
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    ask(cluster, seededRandom(i), failed, () => done),
  );
  const rates: Record<'one' | 'together', number[]> = { one: [], together: [] };
  for (let window = 0; window < WINDOWS; window++) {
    await keepReady(cluster, [0]);
    rates.one.push(await rate(cluster, [0], seconds / WINDOWS));
    await keepReady(cluster, all);
    rates.together.push(await rate(cluster, all, seconds / WINDOWS));
  }
  done = true;
  await Promise.all(clients);
  for (const line of failed.slice(0, 10)) process.stderr.write(`${line}\n`);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [one, together] = [mean(rates.one), mean(rates.together)];
  const ratio = together / one;
  const target = Math.round((280 * all.length) / 3) / 100;
  const each = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ');
  return [
    {
      what: `throughput of ${all.length} replicas against one (${CLIENTS} clients, ${TASKS.length} tasks, ${ROWS} rows, ${STEP_MS} ms a step)`,
      target: `>= ${target}`,
      measured: `${ratio.toFixed(2)} (${each(rates.together)} and ${each(rates.one)} tokens/s, in turn)`,
      met: ratio >= target,
    },
    {
      what: 'calls that failed meanwhile',
      target: '0',
      measured: `${failed.length}`,
      met: failed.length === 0,
    },
  ];
}

/** Takes all but these out; what they have begun, they end. */
async function keepReady({ proxy, size }: Cluster, replicas: readonly number[]): Promise<void> {
  for (let i = 0; i < size; i++) await proxy.setState(i, replicas.includes(i) ? 'ready' : 'maint');
  await proxy.untilUp(replicas);
  await sleep(WARM_UP_MS);
}

/** Tokens a second that these replicas together generate. */
async function rate(cluster: Cluster, replicas: readonly number[], seconds: number): Promise<number> {
  const generated = async (): Promise<number> => {
    const counts = replicas.map((i) =>
      cluster.client(cluster.urlOf(i)).metric('softprompt_engine_generated_tokens_total'),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  const [before, began] = [await generated(), performance.now()];
  await sleep(seconds * 1000);
  const [after, ended] = [await generated(), performance.now()];
  return ((after - before) / (ended - began)) * 1000;
}

async function ask(
  { proxy, key }: Cluster,
  random: () => number,
  failed: string[],
  isDone: () => boolean,
): Promise<void> {
  while (!isDone()) {
    const task = TASKS[Math.floor(random() * TASKS.length)]!;
    const { status, text } = await send(proxy.url, key, completion(task, TOKENS, BATCH_WORK)).catch(
      (error) => ({
        status: 0,
        text: String(error),
      }),
    );
    if (status !== 200) failed.push(`${status} ${text.slice(0, 300)}`);
  }
}
