import type { EngineStats, GenerateEvent } from '../domain/engine.ts';
import type { DomainError } from '../domain/errors.ts';
import type { SchedulerLimits } from './scheduling/scheduler.ts';

export interface CoreOptions extends Omit<SchedulerLimits, 'fits' | 'fitsTogether' | 'stepsPerRun'> {
  readonly kvCacheBytes: number;
  readonly prefixCacheBytes: number;
  readonly inputCacheBytes: number;
  /** How long a request may wait for its first run. */
  readonly queueTimeoutMs: number;
}

/** What one worker can say of itself. */
export type CoreStats = Omit<EngineStats, 'restartsTotal'>;

/** What a request is told. After `end`, `scores`, `hidden`, `warmed` or `error` nothing more comes. */
export type CoreEvent =
  | GenerateEvent
  | { readonly type: 'scores'; readonly logprobs: readonly Float64Array[] }
  | { readonly type: 'hidden'; readonly state: Float32Array }
  | { readonly type: 'warmed' }
  | { readonly type: 'error'; readonly error: DomainError };

export interface CorePorts {
  emit(id: number, event: CoreEvent): void;
  /** Asks for the numbers of a prompt; the answer comes through `EngineCore.providePrompt`. */
  requestPrompt(key: string): void;
  /** A run failed; called once a run, before its requests are told. */
  reportFailure(error: Error): void;
  /** The first run of a request begins, for which it has waited so long. */
  begun?(id: number, waitedMs: number): void;
}
