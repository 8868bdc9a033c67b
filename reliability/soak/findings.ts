import { median } from '../../bench/statistics.ts';
import type { Finding } from '../support/proof.ts';
import type { SoakResult } from './run.ts';
import { type Sample, slopePerHour } from './samples.ts';

const MOST_MB_PER_HOUR = 5;
/** Connections come and go with the load. */
const MOST_DESCRIPTORS_MORE = 5;

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
    {
      what: 'of that, the heap of the HTTP thread and its buffers',
      target: '',
      measured: `${megabytes(warm, 'heapBytes')} and ${megabytes(warm, 'externalBytes')} MB/h; the database ${megabytes(warm, 'databaseBytes')} MB/h`,
      met: null,
    },
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

/** Growth in an hour. */
const megabytes = (samples: readonly Sample[], of: 'heapBytes' | 'externalBytes' | 'databaseBytes'): string =>
  signed(Number(slopePerHour(samples, (sample) => sample[of] / 2 ** 20).toFixed(2)));

/** How much larger the median of the last quarter is than that of the first. */
function growth(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const quarter = Math.ceil(samples.length / 4);
  return median(samples.slice(-quarter).map(value)) - median(samples.slice(0, quarter).map(value));
}

const signed = (value: number): string => (value < 0 ? `${value}` : `+${value}`);
