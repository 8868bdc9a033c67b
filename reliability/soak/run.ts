import { openLoop } from '../../bench/load/open-loop.ts';
import type { Random } from '../../bench/random.ts';
import { Mix, type Tally } from './mix.ts';
import { type Sample, type Sampled, takeSample } from './samples.ts';

export interface SoakPlan {
  readonly seconds: number;
  /** Operations a second. */
  readonly rate: number;
  readonly sampleSeconds: number;
  /** Between training jobs; the first begins after half of it. */
  readonly trainSeconds: number;
  readonly onSample: (sample: Sample) => void;
}

export interface SoakResult {
  readonly tally: Tally;
  readonly samples: readonly Sample[];
  /** Answers of 500 and above, as the service itself counted them. */
  readonly serverErrors: number;
}

/** Keeps the service under mixed load and watches what it holds. */
export async function soak(service: Sampled, random: Random, plan: SoakPlan): Promise<SoakResult> {
  const mix = await Mix.prepare(service.url);
  const samples: Sample[] = [];
  const begin = performance.now();
  const running = new Set<Promise<unknown>>();
  const sample = async () => {
    const taken = await takeSample(service, (performance.now() - begin) / 1000);
    samples.push(taken);
    plan.onSample(taken);
  };
  const start = (work: Promise<unknown>) => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  const timers = [
    setInterval(() => start(sample()), plan.sampleSeconds * 1000),
    setTimeout(() => start(mix.train()), plan.trainSeconds * 500),
    setInterval(() => start(mix.train()), plan.trainSeconds * 1000),
  ];
  await sample();
  await openLoop({ rate: plan.rate, seconds: plan.seconds, cv: 1 }, random, () => mix.one(random));
  for (const timer of timers) clearInterval(timer);
  await Promise.all(running);
  await sample();
  return { tally: mix.tally, samples, serverErrors: await countServerErrors(service.url) };
}

async function countServerErrors(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = metrics.matchAll(
    /^http_server_request_duration_seconds_count\{[^}]*status_code="5\d\d"[^}]*\} (\d+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
