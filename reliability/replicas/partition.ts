import { setTimeout as sleep } from 'node:timers/promises';
import { type ProblemBody, succeeded } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import type { Finding } from '../support/proof.ts';
import { comparable, completion, type Reply, send } from './calls.ts';
import type { Cluster } from './cluster.ts';

const TASK = 'partitioned';
const TOKEN_DIM = 64;
const PAUSE_MS = 20;
const GIVE_UP_MS = 60_000;

interface Apart {
  readonly right: number;
  readonly wrong: number;
  readonly refused: number;
  readonly otherwise: number;
  readonly slowestRefusalMs: number;
}

/**
 * Takes the network between one replica and PostgreSQL away: what it answers meanwhile, while the others write, and when it
 * is like them again. Null where nothing can be cut.
 */
export async function measurePartition(
  cluster: Cluster,
  seconds: number,
): Promise<readonly Finding[] | null> {
  const { setLink } = cluster.network;
  if (setLink === null) return null;
  const [cut, other] = [cluster.urlOf(0), cluster.client(cluster.urlOf(1))];
  await cluster.publish([TASK]);
  const known = await answer(cluster, cut, TASK);
  setLink(0, false);
  const { version } = succeeded(await other.uploadTensor(TASK, randomPrompt(77, 4, TOKEN_DIM)), 'upload');
  const next = await answer(cluster, other.url, `${TASK}@${version}`);
  const { right, wrong, refused, otherwise, slowestRefusalMs } = await askWhileCut(
    cluster,
    cut,
    known,
    seconds,
  );
  setLink(0, true);
  const joined = performance.now();
  while ((await answer(cluster, cut, TASK)) !== next) await patience(joined);
  const seen = performance.now() - joined;
  while ((await write(cluster, cut)).status >= 300) await patience(joined);
  const written = performance.now() - joined;
  while ((await other.request('GET', '/v1/tasks/written')).status !== 200) await patience(joined);
  return [
    {
      what: `one replica without PostgreSQL for ${seconds} s: answers with the prompt that it knew`,
      target: '100 %',
      measured: `${right} of ${right + wrong}`,
      met: wrong === 0 && right > 0,
    },
    {
      what: 'its refusals of writes with 503',
      target: 'all',
      measured: `${refused} of ${refused + otherwise} (slowest ${(slowestRefusalMs / 1000).toFixed(1)} s)`,
      met: otherwise === 0 && refused > 0,
    },
    {
      what: 'from then on, until it answers with what others published meanwhile, and until it writes',
      target: '<= 5 s',
      measured: `${(seen / 1000).toFixed(1)} s, ${(written / 1000).toFixed(1)} s`,
      met: Math.max(seen, written) <= 5000,
    },
  ];
}

async function askWhileCut(cluster: Cluster, url: string, known: string, seconds: number): Promise<Apart> {
  let [right, wrong, refused, otherwise, slowestRefusalMs] = [0, 0, 0, 0, 0];
  const end = performance.now() + seconds * 1000;
  const asking = async (): Promise<void> => {
    while (performance.now() < end) {
      if ((await answer(cluster, url, TASK)) === known) right++;
      else wrong++;
      await sleep(PAUSE_MS);
    }
  };
  const writing = async (): Promise<void> => {
    while (performance.now() < end) {
      const began = performance.now();
      const { status, text } = await write(cluster, url);
      const { code } = (JSON.parse(text) as Partial<ProblemBody>).error ?? {};
      slowestRefusalMs = Math.max(slowestRefusalMs, performance.now() - began);
      if (status === 503 && /^(shared_store_unavailable|write_unknown)$/.test(code ?? '')) refused++;
      else {
        otherwise++;
        process.stderr.write(`a write was answered with ${status} ${text.slice(0, 300)}\n`);
      }
      await sleep(PAUSE_MS);
    }
  };
  await Promise.all([asking(), writing()]);
  return { right, wrong, refused, otherwise, slowestRefusalMs };
}

const write = ({ key }: Cluster, url: string): Promise<Reply> =>
  send(url, key, { method: 'PUT', path: '/v1/tasks/written', body: '{}' });

async function answer({ key }: Cluster, url: string, model: string): Promise<string> {
  const { status, text } = await send(url, key, completion(model));
  if (status !== 200) return `${status} ${text}`;
  // The version that serves is in it, whether it was named or not.
  return comparable(text);
}

async function patience(since: number): Promise<void> {
  if (performance.now() - since > GIVE_UP_MS) throw new Error('the replica did not come back');
  await sleep(PAUSE_MS);
}
