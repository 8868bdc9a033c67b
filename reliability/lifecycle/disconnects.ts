import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { integerBelow, type Random, seededRandom } from '../../bench/random.ts';
import { Client, succeeded } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import { openDescriptors } from '../support/descriptors.ts';
import { readMetrics } from '../support/metrics.ts';
import { inferenceRequests, postBytes } from '../support/requests.ts';
import { createWorkplace, ServiceProcess } from '../support/service-process.ts';

const TASK = 'left';
/** Clients that leave at the same time; after each group the engine must be empty. */
const GROUP = 40;
/** Longest time that a client stays. */
const STAY_MS = 120;
const PATIENCE_MS = 5000;
const SETTLE_MS = 30;
/** Connections that were left are closed by then. */
const DESCRIPTORS_MS = 300;

export interface DisconnectsOptions {
  readonly count: number;
  readonly seed: number;
  onGroup(done: number): void;
}

export interface DisconnectsResult {
  /** Groups after which sequences stayed in the engine, or keys and values in its cache. */
  readonly leaks: readonly string[];
  /**
   * Steps that the engine still made for each of some streams, after a look that was sent when its client had left;
   * ascending. The look can overtake the news by as long as the thread that brings both is held up.
   */
  readonly stepsAfter: readonly number[];
  /** Most milliseconds from the last disconnect of a group to an empty engine. */
  readonly slowestMs: number;
  /** Sequences that were in the engine when a group began to leave, at most: proof that there was work to end. */
  readonly busiest: number;
  readonly descriptors: { readonly before: number; readonly after: number };
  /** Whether an ordinary request is still answered as at the start. */
  readonly same: boolean;
}

/** Leaves inference requests of every kind at random points: while they are sent, wait, run or are answered. */
export async function proveDisconnects({
  count,
  seed,
  onGroup,
}: DisconnectsOptions): Promise<DisconnectsResult> {
  const place = await createWorkplace();
  const service = await ServiceProcess.start({
    ...place,
    flags: { 'max-queue-wait-ms': '60000', 'log-level': 'error' },
  });
  try {
    const { url } = service;
    const client = new Client(url);
    succeeded(await client.uploadTensor(TASK, randomPrompt(1, 8, 64)), 'upload');
    const answer = await client.greedy(TASK, 'x', 20);
    await sleep(DESCRIPTORS_MS);
    const before = await openDescriptors(service.pid);
    const random = seededRandom(seed);
    const requests = inferenceRequests(TASK).map(([path, body]) => postBytes(path, body));
    const leaks: string[] = [];
    const stepsAfter: number[] = [];
    let [slowestMs, busiest] = [0, 0];
    for (let done = 0; done < count; ) {
      const size = Math.min(GROUP, count - done);
      const leaving = Array.from({ length: size }, () =>
        leave(url, requests[integerBelow(random, requests.length)]!, random),
      );
      await sleep(STAY_MS / 2);
      busiest = Math.max(busiest, sequences(await readMetrics(url)));
      await Promise.all(leaving);
      const { ms, leak } = await untilEmpty(url);
      slowestMs = Math.max(slowestMs, ms);
      if (leak !== null) leaks.push(`after ${done + size}: ${leak}`);
      stepsAfter.push(await stepsAfterLeaving(url));
      done += size;
      onGroup(done);
    }
    const same = `${await client.greedy(TASK, 'x', 20)}` === `${answer}`;
    await sleep(DESCRIPTORS_MS);
    const after = await openDescriptors(service.pid);
    stepsAfter.sort((a, b) => a - b);
    return { leaks, stepsAfter, slowestMs, busiest, descriptors: { before, after }, same };
  } finally {
    await service.stop();
    await place.remove();
  }
}

/** One client alone leaves a stream that runs; steps that are still made for it. */
async function stepsAfterLeaving(url: string): Promise<number> {
  const leaving = new AbortController();
  const [, [path, body]] = inferenceRequests(TASK) as [never, readonly [string, object]];
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  await response.body!.getReader().read();
  leaving.abort();
  const steps = async () => (await readMetrics(url)).get('softprompt_engine_steps_total')!;
  const seen = await steps();
  await sleep(SETTLE_MS);
  return (await steps()) - seen;
}

/** Sends a request, or a part of it, and goes after a while: with a FIN or with a reset. */
async function leave(url: string, bytes: Buffer, random: Random): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  socket.write(random() < 0.2 ? bytes.subarray(0, integerBelow(random, bytes.length)) : bytes);
  await sleep(STAY_MS * random());
  if (random() < 0.5) socket.destroy();
  else socket.resetAndDestroy();
}

const sequences = (metrics: ReadonlyMap<string, number>): number =>
  metrics.get('softprompt_engine_running')! + metrics.get('softprompt_engine_waiting')!;

/** Until two looks in a row find nothing: the service may still have to accept clients that are gone. */
async function untilEmpty(url: string): Promise<{ ms: number; leak: string | null }> {
  const started = performance.now();
  for (let before = -1; ; ) {
    const metrics = await readMetrics(url);
    const ms = performance.now() - started;
    const left = sequences(metrics);
    const bytes = metrics.get('softprompt_engine_kv_cache_bytes')!;
    // The look itself is one request.
    const answering = metrics.get('http_server_active_requests')! - 1;
    const steps = metrics.get('softprompt_engine_steps_total')!;
    const empty = left === 0 && bytes === 0 && answering === 0;
    if (empty && steps === before) return { ms, leak: null };
    if (ms > PATIENCE_MS) return { ms, leak: `${left} sequences, ${bytes} bytes, ${answering} requests` };
    before = empty ? steps : -1;
    await sleep(SETTLE_MS);
  }
}
