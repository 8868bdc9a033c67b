import { Spread } from '../../domain/distribution.ts';
import type { EngineStats } from '../../domain/engine.ts';
import { ROW_BOUNDS, WAIT_BOUNDS } from '../distributions.ts';
import type { PromptRows } from './prompt-rows.ts';
import type { Slots } from './slots.ts';

/** What is counted here. Steps and keys and values are vLLM's own, see its /metrics. */
export class Counts {
  readonly waitSeconds = new Spread(WAIT_BOUNDS);
  generated = 0;
  prefilled = 0;

  snapshot(slots: Slots, prompts: PromptRows, restarts: number): EngineStats {
    return {
      running: slots.running,
      waiting: slots.waiting,
      queueWaitSeconds: this.waitSeconds.snapshot(),
      generatedTokensTotal: this.generated,
      prefillTokensTotal: this.prefilled,
      prefixEntries: prompts.size,
      prefixBytes: prompts.bytes,
      prefixHitsTotal: prompts.hits,
      prefixMissesTotal: prompts.misses,
      prefixEvictionsTotal: prompts.evictions,
      restartsTotal: restarts,
      ...NOT_HERE,
    };
  }
}

const NOT_HERE = {
  decodeRows: new Spread(ROW_BOUNDS).snapshot(),
  stepsTotal: 0,
  stepSecondsTotal: 0,
  runSecondsTotal: 0,
  preemptionsTotal: 0,
  kvCacheBytes: 0,
  kvCacheCapacityBytes: 0,
  inputCacheBytes: 0,
  inputCacheHitTokensTotal: 0,
  inputCacheEvictionsTotal: 0,
} as const;
