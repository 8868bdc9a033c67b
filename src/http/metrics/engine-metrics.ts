import { Counter, Gauge, type Registry } from 'prom-client';
import type { Engine, EngineStats } from '../../domain/engine.ts';

const GAUGES: Readonly<Record<string, readonly [keyof EngineStats, string]>> = {
  softprompt_engine_running: ['running', 'Sequences in the batch.'],
  softprompt_engine_waiting: ['waiting', 'Sequences in the queue.'],
  softprompt_engine_kv_cache_bytes: ['kvCacheBytes', 'Bytes of keys and values in use.'],
  softprompt_engine_kv_cache_capacity_bytes: ['kvCacheCapacityBytes', 'Bytes of keys and values allowed.'],
  softprompt_engine_prefix_entries: ['prefixEntries', 'Prompts whose prefix is cached.'],
  softprompt_engine_prefix_bytes: ['prefixBytes', 'Bytes of cached prefixes.'],
  softprompt_engine_input_cache_bytes: ['inputCacheBytes', 'Bytes of cached beginnings of inputs.'],
};

const COUNTERS: typeof GAUGES = {
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

/** The engine's own statistics, copied from one snapshot a scrape. */
export class EngineMetrics {
  readonly #engine: Engine;
  readonly #up: Gauge;
  readonly #gauges: readonly (readonly [Gauge, keyof EngineStats])[];
  readonly #counters: readonly (readonly [Counter, keyof EngineStats])[];

  constructor(registry: Registry, engine: Engine) {
    const registers = [registry];
    this.#engine = engine;
    this.#up = new Gauge({ name: 'softprompt_engine_up', help: 'Whether the engine answers.', registers });
    this.#gauges = Object.entries(GAUGES).map(([name, [field, help]]) => [
      new Gauge({ name, help, registers }),
      field,
    ]);
    this.#counters = Object.entries(COUNTERS).map(([name, [field, help]]) => [
      new Counter({ name, help, registers }),
      field,
    ]);
  }

  /** Takes a snapshot. An engine that cannot give one is reported as down; the other metrics stay readable. */
  async refresh(): Promise<void> {
    let stats: EngineStats;
    try {
      stats = await this.#engine.stats();
    } catch {
      this.#up.set(0);
      return;
    }
    this.#up.set(1);
    for (const [gauge, field] of this.#gauges) gauge.set(stats[field]);
    for (const [counter, field] of this.#counters) {
      counter.reset();
      counter.inc(stats[field]);
    }
  }
}
