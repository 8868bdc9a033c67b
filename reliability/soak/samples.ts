import { readdir, readFile } from 'node:fs/promises';
import { memoryMap } from '../support/memory-map.ts';
import { readThreads, type ThreadFigures } from '../support/threads.ts';

/** What a process holds at one moment. */
export interface Sample {
  /** Seconds since the soak began. */
  readonly at: number;
  readonly rssBytes: number;
  /** Parts of it: what V8 has taken for the objects of each thread, by its module. */
  readonly heaps: HeapBytes;
  /** What the C library's `malloc` has taken: buffers of all threads, onnxruntime's and SQLite's memory. */
  readonly mallocBytes: number;
  /** Buffers that objects of the threads hold; most of them lie in the memory of `malloc`. */
  readonly externalBytes: number;
  /** Of the database file and its write-ahead log. */
  readonly databaseBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** 99th percentile since the last sample. */
  readonly eventLoopLagMs: number;
}

export interface HeapBytes {
  readonly http: number;
  readonly engine: number;
  readonly store: number;
}

/** The process to look at; `figures` is the folder into which its threads write (`figuresEnvironment`). */
export interface Sampled {
  readonly pid: number;
  readonly url: string;
  readonly figures: string;
}

/** Reads /proc, /metrics and its threads' figures of the service. Training processes of its own are not counted. */
export async function takeSample({ pid, url, figures }: Sampled, at: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const metric = (name: string, label = '') =>
    Number(new RegExp(`^${name}(?:\\{${label}[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
  const size = (file: string) => metric('softprompt_store_size_bytes', `file="${file}"`);
  const threads = await readThreads(figures, pid);
  return {
    at,
    rssBytes: 1024 * field('VmRSS'),
    heaps: heapsOf(threads),
    mallocBytes: (await memoryMap(pid)).mallocBytes,
    externalBytes: threads.reduce((sum, { externalBytes }) => sum + externalBytes, 0),
    databaseBytes: size('database') + size('wal'),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    threads: field('Threads'),
    eventLoopLagMs: 1000 * metric('nodejs_eventloop_lag_p99_seconds'),
  };
}

function heapsOf(threads: readonly ThreadFigures[]): HeapBytes {
  const heap = (module: string) => threads.find(({ name }) => name === module)?.heapBytes ?? 0;
  return { http: heap('main'), engine: heap('worker'), store: heap('writer') };
}

const SIZES: Readonly<Record<string, (sample: Sample) => number>> = {
  rss_mb: ({ rssBytes }) => rssBytes,
  http_heap_mb: ({ heaps }) => heaps.http,
  engine_heap_mb: ({ heaps }) => heaps.engine,
  store_heap_mb: ({ heaps }) => heaps.store,
  malloc_mb: ({ mallocBytes }) => mallocBytes,
  external_mb: ({ externalBytes }) => externalBytes,
  database_mb: ({ databaseBytes }) => databaseBytes,
};

export const CSV_HEADER = [
  'seconds',
  ...Object.keys(SIZES),
  'descriptors',
  'threads',
  'event_loop_lag_p99_ms',
].join();

export function csvLine(sample: Sample): string {
  const sizes = Object.values(SIZES).map((size) => (size(sample) / 2 ** 20).toFixed(2));
  return [
    sample.at.toFixed(0),
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
