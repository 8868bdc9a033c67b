import type { Counter, Gauge } from 'prom-client';
import type { Distribution } from '../../domain/distribution.ts';
import type { Engine, EngineStats } from '../../domain/engine.ts';
import type { Instruments } from './instruments.ts';
import type { MirroredHistogram } from './mirrored-histogram.ts';

type FieldOf<T> = {
  [Field in keyof EngineStats]: EngineStats[Field] extends T ? Field : never;
}[keyof EngineStats];
type Fields<T> = Readonly<Record<string, readonly [FieldOf<T>, string]>>;

const GAUGES: Fields<number> = {
  softprompt_engine_running: ['running', 'Sequences in the batch.'],
  softprompt_engine_waiting: ['waiting', 'Sequences in the queue.'],
  softprompt_engine_kv_cache_bytes: ['kvCacheBytes', 'Bytes of keys and values in use.'],
  softprompt_engine_kv_cache_capacity_bytes: ['kvCacheCapacityBytes', 'Bytes of keys and values allowed.'],
  softprompt_engine_prefix_entries: ['prefixEntries', 'Prompts whose prefix is cached.'],
  softprompt_engine_prefix_bytes: ['prefixBytes', 'Bytes of cached prefixes.'],
  softprompt_engine_input_cache_bytes: ['inputCacheBytes', 'Bytes of cached beginnings of inputs.'],
};

const COUNTERS: Fields<number> = {
  softprompt_engine_steps_total: ['stepsTotal', 'Steps of the batch.'],
  softprompt_engine_step_seconds_total: ['stepSecondsTotal', 'Time spent in steps.'],
  softprompt_engine_run_seconds_total: ['runSecondsTotal', 'Part of the steps inside session.run.'],
  softprompt_engine_generated_tokens_total: ['generatedTokensTotal', 'Tokens sampled.'],
  softprompt_engine_prefill_tokens_total: ['prefillTokensTotal', 'Input positions computed.'],
  softprompt_engine_preemptions_total: [
    'preemptionsTotal',
    'Rows given up for a while because memory was short.',
  ],
  softprompt_engine_prefix_hits_total: ['prefixHitsTotal', 'Prefixes found in the cache.'],
  softprompt_engine_prefix_misses_total: ['prefixMissesTotal', 'Prefixes computed.'],
  softprompt_engine_prefix_evictions_total: ['prefixEvictionsTotal', 'Prefixes dropped from the cache.'],
  softprompt_engine_input_cache_hit_tokens_total: [
    'inputCacheHitTokensTotal',
    'Input tokens that were found in the cache.',
  ],
  softprompt_engine_restarts_total: ['restartsTotal', 'Workers that ended unexpectedly and were replaced.'],
  softprompt_engine_input_cache_evictions_total: [
    'inputCacheEvictionsTotal',
    'Blocks of inputs dropped from the cache.',
  ],
};

const HISTOGRAMS: Fields<Distribution> = {
  softprompt_engine_queue_wait_seconds: [
    'queueWaitSeconds',
    'Time from the queue to the first run, of each sequence or input.',
  ],
  softprompt_engine_decode_rows: ['decodeRows', 'Sequences that one decode step advances.'],
};

/** The engine's own statistics, copied from one snapshot a scrape. */
export class EngineMetrics {
  readonly #engine: Pick<Engine, 'kind' | 'device' | 'stats'>;
  readonly #info: Gauge<'engine' | 'device'>;
  readonly #up: Gauge;
  readonly #kvCacheUse: Gauge;
  readonly #gauges: readonly (readonly [Gauge, FieldOf<number>])[];
  readonly #counters: readonly (readonly [Counter, FieldOf<number>])[];
  readonly #histograms: readonly (readonly [MirroredHistogram, FieldOf<Distribution>])[];

  constructor(instruments: Instruments, engine: Pick<Engine, 'kind' | 'device' | 'stats'>) {
    this.#engine = engine;
    const help = 'The engine, embedded or vllm, and the device that the model runs on; the value is 1.';
    this.#info = instruments.gauge('softprompt_engine_info', help, ['engine', 'device']);
    this.#up = instruments.gauge('softprompt_engine_up', 'Whether the engine answers.');
    this.#kvCacheUse = instruments.gauge(
      'softprompt_engine_kv_cache_usage_ratio',
      'Part of the allowed bytes of keys and values that is in use, 0 to 1, as endpoint pickers ask for it.',
    );
    this.#gauges = each(GAUGES, (name, help) => instruments.gauge(name, help));
    this.#counters = each(COUNTERS, (name, help) => instruments.counter(name, help));
    this.#histograms = each(HISTOGRAMS, (name, help) => instruments.mirror(name, help));
  }

  /** Takes a snapshot. An engine that cannot give one is reported as down. */
  async refresh(): Promise<void> {
    const { kind: engine, device } = this.#engine;
    this.#info.set({ engine, device }, 1);
    this.#up.set(0);
    const stats = await this.#engine.stats();
    this.#up.set(1);
    this.#kvCacheUse.set(stats.kvCacheBytes / stats.kvCacheCapacityBytes);
    for (const [gauge, field] of this.#gauges) gauge.set(stats[field]);
    for (const [counter, field] of this.#counters) {
      counter.reset();
      counter.inc(stats[field]);
    }
    for (const [histogram, field] of this.#histograms) histogram.show(stats[field]);
  }
}

function each<Field, Metric>(
  fields: Readonly<Record<string, readonly [Field, string]>>,
  make: (name: string, help: string) => Metric,
): readonly (readonly [Metric, Field])[] {
  return Object.entries(fields).map(([name, [field, help]]) => [make(name, help), field]);
}
