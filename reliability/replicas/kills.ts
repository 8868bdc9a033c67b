import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../test/support/numbers.ts';
import type { Finding } from '../support/proof.ts';
import { followStream, type StreamEnd } from '../support/streams.ts';
import { type Call, comparable, completion, safeCalls, send } from './calls.ts';
import type { Cluster } from './cluster.ts';
import { FileWriter } from './file-writer.ts';

const TASKS = Array.from({ length: 6 }, (_, i) => `task-${i}`);
const CALLERS = 6;
const STREAMS = 2;
const STREAM_TOKENS = 60;
/** A caller that never waits would take the processors from the replicas that start. */
const PAUSE_MS = 30;
/** Milliseconds between two kills: drawn between these. */
const LIFE: readonly [number, number] = [200, 1500];

const SETTLE_MS = 2000;

interface Load {
  /** Answered with 200 and as it should be. */
  right: number;
  /** Answered otherwise than without kills. */
  readonly wrong: string[];
  /** Not answered, or refused. */
  readonly failed: string[];
}

/** Kills random replicas, each of which starts again, while all kinds of calls and streams go through the proxy. */
export async function measureKills(
  cluster: Cluster,
  kills: number,
  seed: number,
  onKill: (kills: number) => void,
): Promise<readonly Finding[]> {
  await cluster.publish(TASKS);
  const calls = TASKS.flatMap((task) => safeCalls(task));
  const expected = await answersOf(cluster, calls);
  const load: Load = { right: 0, wrong: [], failed: [] };
  const ends: Record<StreamEnd, number> = { finished: 0, told: 0, refused: 0, cut: 0 };
  const writers = [new FileWriter(cluster, 'with-key'), new FileWriter(cluster, 'without-key')];
  let done = false;
  const isDone = () => done;
  const busy = [
    ...Array.from({ length: CALLERS }, (_, i) => ask(cluster, calls, expected, i, load, isDone)),
    ...Array.from({ length: STREAMS }, (_, i) => stream(cluster, TASKS[i]!, ends, isDone)),
    ...writers.map((writer) => writer.run(isDone)),
  ];
  const started = performance.now();
  const restarts = await killRandomly(cluster, kills, seededRandom(seed), onKill);
  const seconds = Math.round((performance.now() - started) / 1000);
  done = true;
  await Promise.all([...busy, ...restarts]);
  // A replica that has just started hears of the last uploads with its next look.
  await sleep(SETTLE_MS);
  const [keyed, plain] = await Promise.all(writers.map((writer) => writer.verify()));
  for (const line of [...new Set([...load.failed, ...load.wrong])].slice(0, 20)) {
    process.stderr.write(`${line}\n`);
  }
  const repeated = (await cluster.proxy.counts()).reduce((sum, { retries }) => sum + retries, 0);
  const total = load.right + load.wrong.length + load.failed.length;
  return [
    {
      what: `calls that change nothing, failed, under ${kills} kills in ${seconds} s`,
      target: '0',
      measured: `${load.failed.length} of ${total} (the proxy sent ${repeated} requests again)`,
      met: load.failed.length === 0 && total > 0,
    },
    {
      what: 'answers other than without kills',
      target: '0',
      measured: `${load.wrong.length}`,
      met: load.wrong.length === 0,
    },
    {
      what: 'uploads with an Idempotency-Key: failed, lost, or there twice',
      target: '0',
      measured: `${keyed!.failed}, ${keyed!.lost}, ${keyed!.twice} of ${keyed!.sent}`,
      met: keyed!.failed + keyed!.lost + keyed!.twice === 0 && keyed!.sent > 0,
    },
    {
      what: 'uploads without a key: lost after success, or there twice',
      target: '0',
      measured: `${plain!.lost}, ${plain!.twice} of ${plain!.sent}`,
      met: plain!.lost + plain!.twice === 0,
    },
    {
      what: 'uploads without a key that were not answered with success',
      target: '',
      measured: `${plain!.failed} of ${plain!.sent}, of which ${plain!.unknown} took place`,
      met: null,
    },
    {
      what: `streams of ${STREAM_TOKENS} tokens`,
      target: '',
      measured: `${ends.finished} whole, ${ends.cut} cut, ${ends.told} ended with an error, ${ends.refused} refused`,
      met: null,
    },
  ];
}

async function answersOf(cluster: Cluster, calls: readonly Call[]): Promise<ReadonlyMap<Call, string>> {
  const answers = new Map<Call, string>();
  for (const call of calls) {
    const { status, text } = await send(cluster.urlOf(0), cluster.key, call);
    if (status !== 200) throw new Error(`${call.method} ${call.path}: ${status} ${text}`);
    answers.set(call, comparable(text));
  }
  return answers;
}

async function ask(
  { proxy, key }: Cluster,
  calls: readonly Call[],
  expected: ReadonlyMap<Call, string>,
  at: number,
  load: Load,
  isDone: () => boolean,
): Promise<void> {
  // Each begins elsewhere, so that all kinds are under way at a time.
  for (let i = at * 7; !isDone(); i++) {
    const call = calls[i % calls.length]!;
    const name = `${call.method} ${call.path}`;
    try {
      const { status, text } = await send(proxy.url, key, call);
      if (status !== 200) load.failed.push(`${name}: ${status} ${text.slice(0, 300)}`);
      else if (comparable(text) !== expected.get(call)) load.wrong.push(`${name}: ${text.slice(0, 300)}`);
      else load.right++;
    } catch (error) {
      load.failed.push(`${name}: ${error} ${Object(error).cause ?? ''}`);
    }
    await sleep(PAUSE_MS);
  }
}

async function stream(
  { proxy, key }: Cluster,
  task: string,
  ends: Record<StreamEnd, number>,
  isDone: () => boolean,
): Promise<void> {
  const body = JSON.parse(completion(task, STREAM_TOKENS).body!) as object;
  const headers = { authorization: `Bearer ${key}` };
  while (!isDone()) {
    ends[(await followStream(proxy.url, body, () => undefined, headers)).end]++;
    await sleep(PAUSE_MS);
  }
}

/** Kills one of those that the proxy takes for ready, when there is another: what starts again. */
async function killRandomly(
  cluster: Cluster,
  kills: number,
  random: () => number,
  onKill: (kills: number) => void,
): Promise<readonly Promise<void>[]> {
  const restarts: Promise<void>[] = [];
  const starting = new Set<number>();
  for (let kill = 1; kill <= kills; kill++) {
    await sleep(LIFE[0] + random() * (LIFE[1] - LIFE[0]));
    let ready: readonly number[] = [];
    while (ready.length < 2) {
      await sleep(10);
      // The proxy notices an end a moment later.
      ready = (await cluster.proxy.up()).filter((replica) => !starting.has(replica));
    }
    const victim = ready[Math.floor(random() * ready.length)]!;
    starting.add(victim);
    await cluster.killReplica(victim);
    restarts.push(cluster.startReplica(victim).then(() => void starting.delete(victim)));
    onKill(kill);
  }
  return restarts;
}
