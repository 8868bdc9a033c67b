import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../bench/random.ts';
import { createWorkplace, ServiceProcess, TINY_MODEL, type Workplace } from '../support/service-process.ts';
import { followStream, type OpenedStream, type StreamEnd } from '../support/streams.ts';

/** Time after the deadline of the drain in which the process must be gone; the service aborts itself then. */
export const EXIT_MS = 5000;

/** Deadlines of the drain, by turns: enough to finish, and too little. */
export const DRAINS_MS = [20_000, 150] as const;

const TOKENS = 200;

export interface SigtermOptions {
  readonly rounds: number;
  readonly streams: number;
  readonly seed: number;
  onRound(done: number): void;
}

export interface SigtermResult {
  readonly ends: Readonly<Record<StreamEnd, number>>;
  /** Codes of what was told or refused other than `draining`. */
  readonly otherCodes: readonly string[];
  /** Rounds whose process did not end with code 0. */
  readonly badExits: readonly string[];
  /** Most milliseconds from the signal to the end, beyond the deadline where the drain took it all. */
  readonly slowestMs: number;
  /** Rounds that took longer than the deadline and {@link EXIT_MS}. */
  readonly late: number;
}

/** Sends SIGTERM to one process after the other while `streams` streams are open. */
export async function proveSigterm({
  rounds,
  streams,
  seed,
  onRound,
}: SigtermOptions): Promise<SigtermResult> {
  const place = await createWorkplace();
  const random = seededRandom(seed);
  const ends = { finished: 0, told: 0, refused: 0, cut: 0 };
  const otherCodes: string[] = [];
  const badExits: string[] = [];
  let slowestMs = 0;
  let late = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const drainMs = DRAINS_MS[round % DRAINS_MS.length]!;
      const service = await startFor(place, streams, drainMs);
      const opened = await openStreams(service.url, streams);
      await sleep(100 * random());
      const signalled = performance.now();
      const exit = await service.stop('SIGTERM');
      const took = performance.now() - signalled;
      slowestMs = Math.max(slowestMs, took);
      if (took > drainMs + EXIT_MS) late++;
      if (exit.code !== 0) badExits.push(`round ${round}: ${exit.code ?? exit.signal}: ${service.log}`);
      for (const { end, code } of await Promise.all(opened)) {
        ends[end]++;
        if (code !== null && code !== 'draining') otherCodes.push(code);
      }
      onRound(round + 1);
    }
  } finally {
    await place.remove();
  }
  return { ends, otherCodes, badExits, slowestMs, late };
}

/** Resolves when all of them have begun, with their ends. */
async function openStreams(url: string, count: number): Promise<readonly Promise<OpenedStream>[]> {
  let begun = 0;
  const body = { model: TINY_MODEL, prompt: 'x', max_tokens: TOKENS };
  return new Promise((resolve) => {
    const streams = Array.from({ length: count }, () =>
      followStream(url, body, () => {
        if (++begun === count) resolve(streams);
      }),
    );
  });
}

function startFor({ model, db }: Workplace, streams: number, drainMs: number): Promise<ServiceProcess> {
  const flags = {
    'max-batch-size': String(streams),
    'max-queue-wait-ms': '60000',
    'drain-timeout-ms': String(drainMs),
  };
  return ServiceProcess.start({ model, db, flags });
}
