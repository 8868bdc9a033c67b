import type { Distribution } from './distribution.ts';
import type { ModelInfo } from './model.ts';
import type { SamplingParams } from './sampling.ts';

/** A soft prompt as the engine knows it. The engine asks its {@link PromptSource} for its numbers on a cache miss. */
export interface PromptHandle {
  /** Content key, see `promptKey`. */
  readonly key: string;
  /** N, the number of virtual tokens. */
  readonly length: number;
  /**
   * What its numbers are. `rows`: virtual tokens, which pass through the layers. `keysValues`: what the layers keep of
   * virtual tokens that never were (PEFT's PREFIX_TUNING); nothing can be predicted behind them without an input.
   */
  readonly form: 'rows' | 'keysValues';
}

/** Where the engine gets the numbers of a prompt from, by content key. */
export interface PromptSource {
  /**
   * Row-major float32: rows [length, token_dim], or keysValues [length, 2 * layers, kv_heads, head_dim], keys of layer i
   * at 2i. Rejects with `not_found` when the prompt was deleted.
   */
  load(key: string): Promise<Float32Array>;
}

/** A token and log p(token), computed from the raw logits (before penalties and temperature). */
export interface TokenLogprob {
  readonly id: number;
  readonly logprob: number;
}

/** While both wait, interactive work is read first most of the time; batch work is never starved. */
export type Priority = 'interactive' | 'batch';

/** Whose turn a request uses up. */
export interface Turn {
  readonly priority: Priority;
  /** Flows that wait are served alike: the task, or the base model. */
  readonly flow: string;
  /**
   * Whose inputs it may share cached keys and values with, and whose share of the queue it uses up: an API key. Left
   * out: no key.
   */
  readonly tenant?: string;
}

/** One sequence to generate. Positions: prompt rows, then `inputIds`, then the output. */
export interface GenerateRequest extends Turn {
  readonly prompt: PromptHandle | null;
  /** Further members of an ensemble: each token is chosen from the mean of all members' probabilities. */
  readonly others?: readonly PromptHandle[];
  readonly inputIds: readonly number[];
  readonly maxTokens: number;
  /** Generation ends with reason `stop` when one of these is chosen; empty: never. It is not emitted. */
  readonly stopTokenIds: readonly number[];
  readonly sampling: SamplingParams;
  /** Number of alternatives in `top` of every event; null: no log-probabilities at all. */
  readonly topLogprobs: number | null;
  /** Also report the log-probabilities of the input tokens, before the first output token. */
  readonly inputLogprobs: boolean;
}

export type FinishReason = 'stop' | 'length';

export type GenerateEvent =
  /** One entry an input token, in one event or several; the first is null when nothing stands before it. */
  | { readonly type: 'input'; readonly logprobs: readonly (TokenDetail | null)[] }
  | { readonly type: 'token'; readonly id: number; readonly detail: TokenDetail | null }
  | { readonly type: 'end'; readonly reason: FinishReason };

/** Log-probability of a token and of the most likely tokens at the same position, best first. */
export interface TokenDetail {
  readonly logprob: number;
  readonly top: readonly TokenLogprob[];
}

/** Log-likelihoods of alternative continuations of one input, computed in one forward pass. */
export interface ScoreRequest extends Turn {
  readonly prompt: PromptHandle | null;
  readonly inputIds: readonly number[];
  /** Each holds at least one token id. */
  readonly continuations: readonly (readonly number[])[];
}

/** The hidden state at the last position of one input, or of the prompt when the input is empty. */
export interface HiddenStateRequest extends Turn {
  readonly prompt: PromptHandle | null;
  readonly inputIds: readonly number[];
}

/** A snapshot for /metrics and /info. Counters grow from 0 at the start of the process, also across restarts of the worker. */
export interface EngineStats {
  readonly running: number;
  readonly waiting: number;
  /** Seconds from the queue to the first run, of every request that had one. */
  readonly queueWaitSeconds: Distribution;
  /** Rows of each decode step. */
  readonly decodeRows: Distribution;
  readonly stepsTotal: number;
  readonly stepSecondsTotal: number;
  /** Part of `stepSecondsTotal` inside session.run. */
  readonly runSecondsTotal: number;
  readonly generatedTokensTotal: number;
  readonly prefillTokensTotal: number;
  /** Sequences that lost their row for a while because the KV memory was short. */
  readonly preemptionsTotal: number;
  readonly kvCacheBytes: number;
  readonly kvCacheCapacityBytes: number;
  readonly prefixEntries: number;
  readonly prefixBytes: number;
  readonly prefixHitsTotal: number;
  readonly prefixMissesTotal: number;
  readonly prefixEvictionsTotal: number;
  readonly inputCacheBytes: number;
  /** Input tokens that were not read because their keys and values were cached. */
  readonly inputCacheHitTokensTotal: number;
  /** Blocks that were dropped. */
  readonly inputCacheEvictionsTotal: number;
  /** Workers that ended unexpectedly and were replaced. */
  readonly restartsTotal: number;
}

/** Where the model runs: in this process, or in a vLLM server. */
export type EngineKind = 'embedded' | 'vllm';

/** The frozen model behind a queue. One engine serves any number of prompts. */
export interface Engine {
  readonly kind: EngineKind;
  readonly model: ModelInfo;
  /** Limits that a request is checked against before it is queued. */
  readonly limits: EngineLimits;
  /** Where the model runs: `cpu`, `cuda:0`, `webgpu`. */
  readonly device: string;
  /**
   * Queues one sequence. The iterable yields events in order and ends after `end`. Aborting the signal frees
   * the row before the next step and ends the iterable without an `end` event.
   * Throws at once: `unprocessable` context_length_exceeded or engine_cannot, `contended` queue_full, `unavailable` draining,
   * loading or engine_restarting; fails with `unavailable` engine_restarted when the worker that it was in has ended.
   */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent>;
  /** For each continuation the log-probabilities of its tokens, in nats. Rejects with what `generate` throws. */
  score(request: ScoreRequest, signal: AbortSignal): Promise<readonly Float64Array[]>;
  /** Float32 [token_dim], behind the final norm: what a classification head reads. Rejects with what `generate` throws. */
  hiddenState(request: HiddenStateRequest, signal: AbortSignal): Promise<Float32Array>;
  /**
   * A refusal before any work: throws `contended` queue_wait as `generate` would for one more sequence of this turn. That it
   * does not throw promises nothing.
   */
  assertTurn(turn: Turn): void;
  /** Computes the prefix of a prompt ahead of its first request. */
  warm(prompt: PromptHandle, priority?: Priority): Promise<void>;
  stats(): Promise<EngineStats>;
  /** Refuses new requests, finishes those admitted (at most `graceMs`), then stops the worker. */
  close(graceMs?: number): Promise<void>;
}

export interface EngineLimits {
  /** Largest number of positions of one request: virtual tokens + input + output, the latter unless it has its own. */
  readonly contextLength: number;
  /** Largest output of an encoder-decoder model; null: input and output share the context. */
  readonly outputLength: number | null;
  readonly maxBatchSize: number;
  readonly maxQueueLength: number;
  /** Sequences that one flow may have in the engine, running and waiting. */
  readonly maxSequencesPerFlow: number;
  /** Positions of all rows together that the memory of keys and values holds; null: not known. */
  readonly kvPositions: number | null;
}
