import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../test/support/client.ts';
import { openDescriptors } from '../support/descriptors.ts';
import { readMetrics } from '../support/metrics.ts';
import { postBytes } from '../support/requests.ts';
import { createWorkplace, ServiceProcess, TINY_MODEL } from '../support/service-process.ts';

/** How often a slow client sends one more byte. */
const DRIP_MS = 500;

/** Connections of the others that may be opened or closed meanwhile. */
const FEW = 2;

/** Time after the measurement in which the service must have closed the slow connections. */
const PATIENCE_MS = 8000;

export interface SlowClientsOptions {
  readonly clients: number;
  /** Time that the others are measured, without and with the slow clients. */
  readonly measureMs: number;
  /** The time limits of the service. */
  readonly limitMs: number;
}

export interface SlowClientsResult {
  /** Latencies of the other clients' requests, ascending, milliseconds. */
  readonly before: readonly number[];
  readonly during: readonly number[];
  /** Answers to the others that were no 200. */
  readonly refused: number;
  /** Descriptors of the service beyond those of the start, after the time limits of the slow clients. */
  readonly left: number;
  /** Of the clients that never read: those whose connection was cut for it. */
  readonly stalled: number;
}

/** Holds connections in every slow way while others send short requests one after the other. */
export async function proveSlowClients({
  clients,
  measureMs,
  limitMs,
}: SlowClientsOptions): Promise<SlowClientsResult> {
  const place = await createWorkplace();
  const limits = {
    'headers-timeout-ms': String(limitMs),
    'receive-timeout-ms': String(limitMs + 1000),
    'stream-stall-ms': String(limitMs),
    'keep-alive-timeout-ms': String(limitMs),
  };
  const flags = { ...limits, 'max-queue-wait-ms': '60000', 'log-level': 'error' };
  const service = await ServiceProcess.start({ ...place, flags });
  const held: SlowClient[] = [];
  try {
    const { url } = service;
    await measure(url, measureMs / 4);
    const before = await measure(url, measureMs);
    const descriptors = await openDescriptors(service.pid);
    held.push(...(await Promise.all(Array.from({ length: clients }, (_, i) => SlowClient.open(url, i)))));
    await sleep(Math.min(SETTLE_MS, measureMs));
    const during = await measure(url, measureMs);
    const left = await untilLeft(service, descriptors, clients);
    return {
      before: before.latencies,
      during: during.latencies,
      refused: before.refused + during.refused,
      ...left,
    };
  } finally {
    for (const client of held) client.leave();
    await service.stop();
    await place.remove();
  }
}

/** What is left of the slow clients, as soon as that is hardly anything and the greedy ones were cut. */
async function untilLeft(
  { pid, url }: ServiceProcess,
  start: number,
  clients: number,
): Promise<Pick<SlowClientsResult, 'left' | 'stalled'>> {
  const greedy = Array.from({ length: clients }, (_, i) => i).filter((i) => i % GREEDY === 3).length;
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = Math.max(0, (await openDescriptors(pid)) - start);
    const stalled = (await readMetrics(url)).get('softprompt_stalled_readers_total')!;
    if ((left <= FEW && stalled >= greedy) || performance.now() > end) return { left, stalled };
    await sleep(100);
  }
}

/** One after the other, two at a time. */
async function measure(url: string, ms: number): Promise<{ latencies: readonly number[]; refused: number }> {
  const client = new Client(url);
  const latencies: number[] = [];
  let refused = 0;
  const end = performance.now() + ms;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const started = performance.now();
      const body = { model: TINY_MODEL, prompt: 'x', max_tokens: 8, temperature: 0 };
      const { status } = await client.request('POST', '/v1/completions', body);
      if (status === 200) latencies.push(performance.now() - started);
      else refused++;
    }
  };
  await Promise.all([one(), one()]);
  return { latencies: latencies.sort((a, b) => a - b), refused };
}

const BODY = { model: TINY_MODEL, prompt: 'x', max_tokens: 8 };

/** An answer that costs no inference: what is measured is the harm of not reading, not of asking. */
const UNREAD = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
/** One in so many asks for more than the system's buffers hold, so that bytes wait in the service. */
const GREEDY = 100;
const GREEDY_ANSWERS = 100;
/** Until what the slow clients asked for has been computed. */
const SETTLE_MS = 2000;

/** Holds a connection in one of four ways, by its number. */
class SlowClient {
  private readonly socket: Socket;
  private readonly dripping: NodeJS.Timeout | null;

  private constructor(socket: Socket, first: Buffer | string, drip: string | null) {
    this.socket = socket;
    socket.on('close', () => this.leave());
    socket.write(first);
    this.dripping = drip === null ? null : setInterval(() => socket.write(drip), DRIP_MS);
  }

  static async open(url: string, number: number): Promise<SlowClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const post = postBytes('/v1/completions', BODY);
    switch (number % 4) {
      case 0:
        socket.resume();
        return new SlowClient(socket, 'POST /v1/completions HTTP/1.1\r\nHost: x\r\n', 'x: y\r\n');
      case 1:
        socket.resume();
        return new SlowClient(socket, '', null);
      case 2:
        socket.resume();
        return new SlowClient(socket, post.subarray(0, post.length - 30), ' ');
      default:
        socket.pause();
        return new SlowClient(socket, UNREAD.repeat(number % GREEDY === 3 ? GREEDY_ANSWERS : 1), null);
    }
  }

  leave(): void {
    if (this.dripping !== null) clearInterval(this.dripping);
    this.socket.destroy();
  }
}
