import { setTimeout as sleep } from 'node:timers/promises';
import { gammaInterval, type Random } from '../random.ts';

/** Requests that arrive whatever became of the earlier ones. */
export interface OpenLoop {
  /** Arrivals a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Coefficient of variation of the times between arrivals: 1 is Poisson, 0.5 steadier, 2 in bursts. */
  readonly cv: number;
}

/** Sends at the planned times and waits for all answers. Times of sending do not drift with late timers. */
export async function openLoop<T>(
  { rate, seconds, cv }: OpenLoop,
  random: Random,
  send: () => Promise<T>,
): Promise<T[]> {
  const sent: Promise<T>[] = [];
  const start = performance.now();
  for (let at = 0; at < seconds; at += gammaInterval(random, rate, cv)) {
    const wait = start + at * 1000 - performance.now();
    if (wait > 1) await sleep(wait);
    sent.push(send());
  }
  return Promise.all(sent);
}
