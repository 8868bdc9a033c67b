import { closedLoop } from '../../bench/load/closed-loop.ts';
import { totalTime } from '../../bench/load/latency.ts';
import { openLoop } from '../../bench/load/open-loop.ts';
import { memoryOf } from '../../bench/processes.ts';
import type { Random } from '../../bench/random.ts';
import { percentile } from '../../bench/statistics.ts';
import type { Outcome } from './traffic.ts';

export interface OverloadPlan {
  readonly pid: number;
  /** Clients of the closed loop: the rows of a full batch. */
  readonly clients: number;
  readonly peakSeconds: number;
  readonly seconds: number;
  /** Arrivals as a multiple of the peak. */
  readonly times: number;
  readonly outputTokens: number;
}

/** Times are seconds, memory is bytes, rates are a second. */
export interface OverloadResult {
  readonly peak: number;
  readonly peakP99: number;
  readonly sent: number;
  readonly admitted: number;
  /** Admitted and answered in full, a second while the load lasted; counted as the peak is. */
  readonly goodput: number;
  /** NaN when none was. */
  readonly admittedP99: number;
  readonly refused: number;
  /** From the request to the answer's head; NaN when none was refused. */
  readonly refusalP50: number;
  readonly refusalP99: number;
  readonly withoutRetryAfter: number;
  /** Answers of 500 and above. */
  readonly serverErrors: number;
  /** What is neither served in full, nor refused with 429, nor a server error: broken streams too. */
  readonly others: number;
  /** Resident set after the peak was measured, and the most of it during the overload; null without /proc. */
  readonly memory: { readonly before: number; readonly most: number; readonly end: number } | null;
}

const WARMUP_SECONDS = 3;
const MEMORY_INTERVAL_MS = 500;

/** Measures the peak with a full batch, then sends `times` as much whatever the answers. */
export async function measureOverload(
  plan: OverloadPlan,
  random: Random,
  send: () => Promise<Outcome>,
): Promise<OverloadResult> {
  const { clients, peakSeconds, seconds, times } = plan;
  const isServed = ({ arrivals }: Outcome) => arrivals.length === plan.outputTokens;
  const full: Outcome[] = [];
  const warmupSeconds = Math.min(WARMUP_SECONDS, peakSeconds);
  const warmBy = performance.now() + warmupSeconds * 1000;
  const loop = { clients, seconds: peakSeconds, warmupSeconds };
  const peak = await closedLoop(loop, async () => full.push(await send()));
  const failed = full.find((outcome) => !isServed(outcome));
  if (failed !== undefined) throw new Error(`a full batch was not served: status ${failed.status}`);

  const memory = watchMemory(plan.pid);
  const begin = performance.now();
  const outcomes = await openLoop({ rate: times * peak, seconds, cv: 1 }, random, send);
  const served = outcomes.filter(isServed);
  const refused = outcomes.filter(({ status }) => status === 429);
  const refusals = refused.map(({ start, answered }) => (answered - start) / 1000);
  const serverErrors = outcomes.filter(({ status }) => status >= 500).length;
  return {
    peak,
    peakP99: p99(full.filter(({ start }) => start > warmBy).map(totalTime)),
    sent: outcomes.length / seconds,
    admitted: served.length,
    goodput: shareUntil(served, begin + seconds * 1000) / seconds,
    admittedP99: p99(served.map(totalTime)),
    refused: refused.length,
    refusalP50: refusals.length > 0 ? percentile(refusals, 50) : Number.NaN,
    refusalP99: p99(refusals),
    withoutRetryAfter: refused.filter(({ retryAfter }) => retryAfter === null).length,
    serverErrors,
    others: outcomes.length - served.length - refused.length - serverErrors,
    memory: await memory.stop(),
  };
}

/** A request that ends after the load counts with the part of it that lies before, as in {@link closedLoop}. */
function shareUntil(served: readonly Outcome[], end: number): number {
  const shares = served.map(({ start, arrivals }) => Math.min(1, (end - start) / (arrivals.at(-1)! - start)));
  return shares.reduce((sum, share) => sum + share, 0);
}

const p99 = (values: readonly number[]): number => (values.length > 0 ? percentile(values, 99) : Number.NaN);

function watchMemory(pid: number): { stop(): Promise<OverloadResult['memory']> } {
  const sizes: Promise<number | null>[] = [];
  const sample = () => sizes.push(memoryOf(pid).then((memory) => memory?.rss ?? null));
  sample();
  const timer = setInterval(sample, MEMORY_INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      sample();
      const seen = (await Promise.all(sizes)).filter((size) => size !== null);
      const [before] = seen;
      return before === undefined ? null : { before, most: Math.max(...seen), end: seen.at(-1)! };
    },
  };
}
