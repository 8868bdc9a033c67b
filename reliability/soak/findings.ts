import { median } from '../../bench/statistics.ts';
import type { Finding } from '../support/proof.ts';
import type { SoakResult } from './run.ts';
import { type Sample, slopePerHour } from './samples.ts';

const MOST_MB_PER_HOUR = 5;
/** Connections come and go with the load. */
const MOST_DESCRIPTORS_MORE = 5;

/** Bytes of a sample that explain its resident memory. */
const PARTS: readonly (readonly [what: string, size: (sample: Sample) => number])[] = [
  ["of that, V8's heap of the HTTP thread", ({ heaps }) => heaps.http],
  ["V8's heap of the engine's thread", ({ heaps }) => heaps.engine],
  ["V8's heap of the store's thread", ({ heaps }) => heaps.store],
  ["the C library's heap and arenas", ({ mallocBytes }) => mallocBytes],
  ['buffers that the heaps hold, most of them there', ({ externalBytes }) => externalBytes],
  ['the database, on the disk', ({ databaseBytes }) => databaseBytes],
];

/** The promises of docs/reliability.md about long runs. @param warmBy seconds after which memory must not grow */
export function soakFindings({ tally, samples, serverErrors }: SoakResult, warmBy: number): Finding[] {
  const warm = samples.filter(({ at }) => at >= warmBy);
  const slope = slopePerHour(warm, ({ rssBytes }) => rssBytes / 2 ** 20);
  const done = [...tally.done].map(([name, count]) => `${count} ${name}`).join(', ');
  const none = (what: string, seen: readonly string[]): Finding => ({
    what,
    target: '0',
    measured: seen.length === 0 ? '0' : `${seen.length}, the first: ${seen[0]!.slice(0, 300)}`,
    met: seen.length === 0,
  });
  const descriptors = growth(warm, (sample) => sample.descriptors);
  const threads = growth(warm, (sample) => sample.threads);
  const lags = warm.map(({ eventLoopLagMs }) => eventLoopLagMs);
  return [
    { what: 'done', target: '', measured: `${done}; ${tally.refused} refused with 429`, met: null },
    {
      what: 'resident memory after the warm-up',
      target: `< ${MOST_MB_PER_HOUR} MB/h`,
      measured: `${slope.toFixed(2)} MB/h, at the end ${(samples.at(-1)!.rssBytes / 2 ** 20).toFixed(0)} MB`,
      met: slope < MOST_MB_PER_HOUR,
    },
    ...PARTS.map(([what, size]) => ({ what, target: '', measured: growthOf(warm, size), met: null })),
    {
      what: 'open descriptors, last quarter against first',
      target: `<= +${MOST_DESCRIPTORS_MORE}`,
      measured: signed(descriptors),
      met: descriptors <= MOST_DESCRIPTORS_MORE,
    },
    {
      what: 'threads, last quarter against first',
      target: '<= +0',
      measured: signed(threads),
      met: threads <= 0,
    },
    none('wrong answers', tally.wrong),
    none('requests that failed', tally.failed),
    {
      what: 'answers of 500 and above',
      target: '0',
      measured: `${serverErrors}`,
      met: serverErrors === 0,
    },
    {
      what: 'event-loop lag, median and worst p99 of an interval',
      target: '',
      measured: `${median(lags).toFixed(1)} ms, ${Math.max(...lags).toFixed(1)} ms`,
      met: null,
    },
  ];
}

/** From when to when, and how much in an hour. */
function growthOf(samples: readonly Sample[], size: (sample: Sample) => number): string {
  const megabytes = (sample: Sample) => size(sample) / 2 ** 20;
  const [from, to] = [megabytes(samples[0]!), megabytes(samples.at(-1)!)];
  const slope = Number(slopePerHour(samples, megabytes).toFixed(2));
  return `${signed(slope)} MB/h, from ${from.toFixed(1)} to ${to.toFixed(1)} MB`;
}

/** How much larger the median of the last quarter is than that of the first. */
function growth(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const quarter = Math.ceil(samples.length / 4);
  return median(samples.slice(-quarter).map(value)) - median(samples.slice(0, quarter).map(value));
}

const signed = (value: number): string => (value < 0 ? `${value}` : `+${value}`);
