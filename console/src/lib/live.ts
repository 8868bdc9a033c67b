import { parseExposition, quantile, type Sample, sum } from './exposition.ts';

/** Seconds that the plots reach back. */
export const WINDOW = 300;

const ENGINE = 'softprompt_engine_';
const FIRST_TOKEN = 'gen_ai_server_time_to_first_token_seconds';

const WANTED: ReadonlySet<string> = new Set([
  ...[
    'generated_tokens_total',
    'prefill_tokens_total',
    'running',
    'waiting',
    'up',
    'prefix_bytes',
    'prefix_entries',
  ].map((name) => ENGINE + name),
  ...[
    'kv_cache_bytes',
    'kv_cache_capacity_bytes',
    'input_cache_bytes',
    'prefix_hits_total',
    'prefix_misses_total',
  ].map((name) => ENGINE + name),
  `${FIRST_TOKEN}_bucket`,
  'http_server_active_requests',
]);

/** One reading of /metrics. */
export interface Reading {
  /** Seconds of a clock that does not jump. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

export const readMetrics = (text: string, at: number): Reading => ({
  at,
  samples: parseExposition(text, WANTED),
});

/** Values over the window, one a reading; null where there is nothing to say. */
export interface LiveSeries {
  /** Seconds before the last reading, from the earliest on: 0 is now. */
  readonly ago: readonly number[];
  readonly generated: readonly (number | null)[];
  readonly prefilled: readonly (number | null)[];
  readonly firstTokenMedian: readonly (number | null)[];
  readonly firstTokenTail: readonly (number | null)[];
  readonly running: readonly number[];
  readonly waiting: readonly number[];
  readonly kvUsed: readonly number[];
  readonly prefixBytes: readonly number[];
  readonly inputBytes: readonly number[];
}

export interface LiveNow {
  readonly kvCapacity: number;
  readonly prefixEntries: number;
  /** Part of the prefixes that were found in the cache; null: none was looked for. */
  readonly prefixHits: number | null;
  readonly requests: number;
  readonly isUp: boolean;
}

/** Readings that are still in the window, with the one more that rates need. */
export function keep(readings: readonly Reading[], next: Reading): readonly Reading[] {
  return [...readings.filter(({ at }) => next.at - at <= WINDOW + 1), next];
}

/** Readings over which a quantile is taken: one second holds too few requests. */
const QUANTILE_READINGS = 10;

export function seriesOf(readings: readonly Reading[]): LiveSeries {
  const last = readings.at(-1)?.at ?? 0;
  const gauge = (name: string) => readings.map(({ samples }) => sum(samples, ENGINE + name));
  const rate = (name: string) =>
    readings.map((reading, i) => {
      const before = readings[i - 1];
      if (before === undefined) return null;
      const more = sum(reading.samples, ENGINE + name) - sum(before.samples, ENGINE + name);
      // Less than before: the server was started again.
      return more < 0 ? null : more / (reading.at - before.at);
    });
  const firstToken = (part: number) =>
    readings.map(({ samples }, i) => {
      const before = readings[Math.max(0, i - QUANTILE_READINGS)];
      return i === 0 || before === undefined ? null : quantile(before.samples, samples, FIRST_TOKEN, part);
    });
  return {
    ago: readings.map(({ at }) => at - last),
    generated: rate('generated_tokens_total'),
    prefilled: rate('prefill_tokens_total'),
    firstTokenMedian: firstToken(0.5),
    firstTokenTail: firstToken(0.95),
    running: gauge('running'),
    waiting: gauge('waiting'),
    kvUsed: gauge('kv_cache_bytes'),
    prefixBytes: gauge('prefix_bytes'),
    inputBytes: gauge('input_cache_bytes'),
  };
}

export function nowOf({ samples }: Reading): LiveNow {
  const value = (name: string): number => sum(samples, ENGINE + name);
  const [hits, misses] = [value('prefix_hits_total'), value('prefix_misses_total')];
  return {
    kvCapacity: value('kv_cache_capacity_bytes'),
    prefixEntries: value('prefix_entries'),
    prefixHits: hits + misses === 0 ? null : hits / (hits + misses),
    requests: sum(samples, 'http_server_active_requests'),
    isUp: value('up') === 1,
  };
}
