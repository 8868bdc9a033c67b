import { readdir, readFile } from 'node:fs/promises';

/** What a process holds at one moment. */
export interface Sample {
  /** Seconds since the soak began. */
  readonly at: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** 99th percentile since the last sample. */
  readonly eventLoopLagMs: number;
}

/** Reads /proc and /metrics of the service. Training processes of its own are not counted. */
export async function takeSample(pid: number, url: string, at: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const lag = /^nodejs_eventloop_lag_p99_seconds(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1];
  return {
    at,
    rssBytes: 1024 * field('VmRSS'),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    threads: field('Threads'),
    eventLoopLagMs: 1000 * Number(lag),
  };
}

export const CSV_HEADER = 'seconds,rss_mb,descriptors,threads,event_loop_lag_p99_ms';

export function csvLine({ at, rssBytes, descriptors, threads, eventLoopLagMs }: Sample): string {
  const rss = (rssBytes / 2 ** 20).toFixed(2);
  return [at.toFixed(0), rss, descriptors, threads, eventLoopLagMs.toFixed(1)].join();
}

/** Least squares: how much `value` grows in an hour. */
export function slopePerHour(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [at, middle] = [mean((sample) => sample.at), mean(value)];
  const spread = samples.reduce((sum, sample) => sum + (sample.at - at) ** 2, 0);
  if (spread === 0) return Number.NaN;
  const common = samples.reduce((sum, sample) => sum + (sample.at - at) * (value(sample) - middle), 0);
  return (3600 * common) / spread;
}
