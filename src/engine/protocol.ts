import type {
  GenerateEvent,
  GenerateRequest,
  HiddenStateRequest,
  Priority,
  PromptHandle,
  ScoreRequest,
} from '../domain/engine.ts';
import type { SerializedDomainError } from '../domain/errors.ts';
import type { Bundle } from '../model/bundle.ts';
import type { CoreOptions, CoreStats } from './core-contract.ts';
import type { Device } from './devices/device.ts';

/** What the worker gets as its workerData. */
export interface WorkerInit {
  readonly bundle: Bundle;
  readonly core: CoreOptions;
  readonly device: Device;
  readonly stepsPerRun: number;
  readonly threads: number;
  /** A `Flag` that is set while a step is under way: ending the thread inside a run would abort the process. */
  readonly inStep: SharedArrayBuffer;
  /** Tell when the first run of each request begins. */
  readonly watched: boolean;
}

/** A request whose input is in memory that both threads have. */
type Wired<T extends { readonly inputIds: readonly number[] }> = Omit<T, 'inputIds'> & {
  readonly inputIds: Int32Array;
};

/** From the main thread to the engine's worker. */
export type ToWorker =
  | { readonly type: 'generate'; readonly id: number; readonly request: Wired<GenerateRequest> }
  | { readonly type: 'score'; readonly id: number; readonly request: Wired<ScoreRequest> }
  | { readonly type: 'hidden_state'; readonly id: number; readonly request: Wired<HiddenStateRequest> }
  | { readonly type: 'warm'; readonly id: number; readonly prompt: PromptHandle; readonly priority: Priority }
  | { readonly type: 'abort'; readonly id: number }
  /** Answers `prompt_wanted`. */
  | { readonly type: 'prompt'; readonly key: string; readonly values: Float32Array }
  | { readonly type: 'prompt_failed'; readonly key: string; readonly error: SerializedDomainError }
  | { readonly type: 'stats'; readonly id: number }
  /** One message of events has been handed on. */
  | { readonly type: 'taken' }
  /** Release the session and exit; nothing is running any more. */
  | { readonly type: 'shutdown' };

/** What one request is told; `end`, `scores`, `hidden`, `warmed`, `stats` and `error` are its last event. */
export type WireEvent =
  | GenerateEvent
  /** Its first run began; more follows. */
  | { readonly type: 'begun'; readonly waitedMs: number }
  | { readonly type: 'scores'; readonly logprobs: readonly Float64Array[] }
  | { readonly type: 'hidden'; readonly state: Float32Array }
  | { readonly type: 'warmed' }
  | { readonly type: 'stats'; readonly stats: CoreStats }
  | { readonly type: 'error'; readonly error: SerializedDomainError };

/** From the worker to the main thread. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'prompt_wanted'; readonly key: string }
  /** A run failed; its requests are told separately, without the cause. */
  | { readonly type: 'failure'; readonly error: Error }
  /** What a step brought, for all requests; several messages when it is much. Each is answered with `taken`. */
  | {
      readonly type: 'events';
      readonly events: readonly (readonly [id: number, event: WireEvent])[];
      /** When they were sent, by `sharedNow`: the main thread may have been busy for long. */
      readonly at: number;
    };
