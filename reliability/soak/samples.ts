import { readdir, readFile } from 'node:fs/promises';

/** What a process holds at one moment. */
export interface Sample {
  /** Seconds since the soak began. */
  readonly at: number;
  readonly rssBytes: number;
  /** Parts of it: what V8 has taken for the objects of the HTTP thread, and buffers that these hold. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Of the database file and its write-ahead log. */
  readonly databaseBytes: number;
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
  const metric = (name: string, label = '') =>
    Number(new RegExp(`^${name}(?:\\{${label}[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
  const size = (file: string) => metric('softprompt_store_size_bytes', `file="${file}"`);
  return {
    at,
    rssBytes: 1024 * field('VmRSS'),
    heapBytes: metric('nodejs_heap_size_total_bytes'),
    externalBytes: metric('nodejs_external_memory_bytes'),
    databaseBytes: size('database') + size('wal'),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    threads: field('Threads'),
    eventLoopLagMs: 1000 * metric('nodejs_eventloop_lag_p99_seconds'),
  };
}

export const CSV_HEADER =
  'seconds,rss_mb,heap_mb,external_mb,database_mb,descriptors,threads,event_loop_lag_p99_ms';

export function csvLine(sample: Sample): string {
  const { at, rssBytes, heapBytes, externalBytes, databaseBytes } = sample;
  const sizes = [rssBytes, heapBytes, externalBytes, databaseBytes].map((bytes) =>
    (bytes / 2 ** 20).toFixed(2),
  );
  return [
    at.toFixed(0),
    ...sizes,
    sample.descriptors,
    sample.threads,
    sample.eventLoopLagMs.toFixed(1),
  ].join();
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
