import type { Finding } from '../support/proof.ts';
import { quantile } from './asking.ts';
import { comparable, completion, send } from './calls.ts';
import type { Cluster } from './cluster.ts';

const TASKS = Array.from({ length: 24 }, (_, i) => `placed-${i}`);
const ASKS = 5;

interface Asked {
  readonly text: string;
  readonly ms: number;
}

/** Whether a task stays on one replica, and what it gets on another: of itself, and when its own has ended. */
export async function measurePlacement(cluster: Cluster): Promise<readonly Finding[]> {
  await cluster.publish(TASKS);
  const homes = new Map<string, number>();
  const texts = new Map<string, string>();
  const [warm, cold]: [number[], number[]] = [[], []];
  let moved = 0;
  for (const task of TASKS) {
    for (let i = 0; i < ASKS; i++) {
      const { replica, text, ms } = await askThroughProxy(cluster, task);
      if ((homes.get(task) ?? replica) !== replica) moved++;
      homes.set(task, replica);
      texts.set(task, text);
      if (i > 0) warm.push(ms);
    }
  }
  let wrong = 0;
  for (const task of TASKS) {
    for (let replica = 0; replica < cluster.size; replica++) {
      if (replica === homes.get(task)) continue;
      const { text, ms } = await ask(cluster, cluster.urlOf(replica), task);
      if (text !== texts.get(task)) wrong++;
      cold.push(ms);
    }
  }
  const elsewhere = TASKS.length * (cluster.size - 1);
  const lost = homes.get(TASKS[0]!)!;
  await cluster.killReplica(lost);
  let [other, displaced] = [0, 0];
  for (const task of TASKS) {
    const { replica, text } = await askThroughProxy(cluster, task);
    if (homes.get(task) === lost) displaced++;
    else if (replica !== homes.get(task)) moved++;
    if (text !== texts.get(task)) other++;
  }
  await cluster.startReplica(lost);
  await cluster.proxy.untilUp(cluster.network.replicas.map((_, i) => i));
  const ms = (values: readonly number[]) => `${quantile(values, 0.5).toFixed(0)} ms`;
  const share = Array.from(
    { length: cluster.size },
    (_, i) => [...homes.values()].filter((home) => home === i).length,
  );
  return [
    {
      what: `calls about ${TASKS.length} tasks (${share.join(', ')} at home on each replica) that went elsewhere than to its home while that was up`,
      target: '0',
      measured: `${moved} of ${TASKS.length * (ASKS + 1) - displaced}`,
      met: moved === 0,
    },
    {
      what: 'answers of replicas where a task is not at home that differ',
      target: '0',
      measured: `${wrong} of ${elsewhere}`,
      met: wrong === 0,
    },
    {
      what: 'an answer at home, and the first one elsewhere (median)',
      target: '',
      measured: `${ms(warm)}, ${ms(cold)}`,
      met: null,
    },
    {
      what: `answers through the proxy after \`kill -9\` of a replica with ${displaced} tasks that fail or differ`,
      target: '0',
      measured: `${other} of ${TASKS.length}`,
      met: other === 0,
    },
  ];
}

async function ask({ key }: Cluster, url: string, task: string): Promise<Asked> {
  const began = performance.now();
  const { status, text } = await send(url, key, completion(task));
  const ms = performance.now() - began;
  return { text: status === 200 ? comparable(text) : `${status} ${text}`, ms };
}

/** Nothing else may use the proxy meanwhile: which replica it was is seen from the proxy's counts. */
async function askThroughProxy(
  cluster: Cluster,
  task: string,
): Promise<Asked & { readonly replica: number }> {
  const before = await cluster.proxy.counts();
  const asked = await ask(cluster, cluster.proxy.url, task);
  const after = await cluster.proxy.counts();
  // The last to which it was sent, should the first have ended.
  const replica = after.findLastIndex(({ requests, up }, i) => up && requests > before[i]!.requests);
  return { ...asked, replica };
}
