import type { Worker } from 'node:worker_threads';
import type {
  Engine,
  EngineLimits,
  EngineStats,
  GenerateEvent,
  GenerateRequest,
  HiddenStateRequest,
  Priority,
  PromptHandle,
  ScoreRequest,
  Turn,
} from '../domain/engine.ts';
import type { ModelInfo } from '../domain/model.ts';
import { describeModel } from '../model/bundle.ts';
import { startWorker } from '../threads/start-worker.ts';
import { WorkerEngine } from './client.ts';
import { CPU, deviceName } from './devices/device.ts';
import { Flag } from './flag.ts';
import { type EngineOptions, engineLimits, workerInit } from './options.ts';
import type { WorkerInit } from './protocol.ts';
import { notLoaded } from './refusals.ts';
import { Totals } from './totals.ts';

/** Why the engine cannot go on. */
export interface EngineFailure {
  readonly error: Error;
  /** The thread is inside a run that does not end: `process.exit` would wait for it for ever. */
  readonly hung: boolean;
}

export interface SupervisorOptions extends EngineOptions {
  /** Milliseconds; a worker that does not answer for so long is given up. Longer than the longest run of the model. */
  readonly stallMs: number;
  /** Replaced in tests. */
  readonly startWorker?: (init: WorkerInit) => Worker;
  /** Called when a run failed: the requests that were in it have failed, the engine goes on. */
  onFailure(error: Error): void;
  /** The worker ended of this; another one is being started. */
  onRestart?(error: Error): void;
  /** The new worker answers; its caches are empty. */
  onRestarted?(): void;
  /** Called once: the engine cannot go on, every request has failed, and the process should end. */
  onFatal(failure: EngineFailure): void;
}

/** So many unexpected ends within this time are no accident any more. */
const MOST_CRASHES = 3;
const CRASH_WINDOW_MS = 60_000;

/** Looks at the worker within the time after which it counts as stalled. */
const LOOKS = 4;

/** Starts the engine; its model is loaded when `loaded` resolves. */
export function createEngine(options: SupervisorOptions): SupervisedEngine {
  return new SupervisedEngine(options);
}

/** {@link Engine} over one worker after the other: one that ends or stalls is replaced. */
export class SupervisedEngine implements Engine {
  readonly kind = 'embedded';
  readonly model: ModelInfo;
  readonly limits: EngineLimits;
  readonly device: string;
  /** The first worker answers. Rejects with `unprocessable` model_unloadable. */
  readonly loaded: Promise<void>;
  private readonly options: SupervisorOptions;
  private readonly totals = new Totals();
  private readonly watching: NodeJS.Timeout;
  private readonly crashes: number[] = [];
  private life: WorkerEngine;
  private state: 'loading' | 'ready' | 'restarting' | 'closed' = 'loading';
  private restarts = 0;
  /** Looks since the question that the worker has not answered yet; null: it has. */
  private unanswered: number | null = null;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.model = describeModel(options.bundle);
    this.limits = engineLimits(options);
    this.device = deviceName(options.device ?? CPU);
    this.life = this.start();
    this.loaded = this.life.loaded.then(() => {
      if (this.state === 'loading') this.state = 'ready';
      void this.replaceEnded();
    });
    this.watching = setInterval(() => this.look(), options.stallMs / LOOKS);
    this.watching.unref();
  }

  /** Requests are refused unless it is `ready`. */
  get phase(): 'loading' | 'ready' | 'restarting' {
    return this.state === 'closed' ? 'ready' : this.state;
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    return this.current().generate(request, signal);
  }

  async score(request: ScoreRequest, signal: AbortSignal): Promise<readonly Float64Array[]> {
    return this.current().score(request, signal);
  }

  async hiddenState(request: HiddenStateRequest, signal: AbortSignal): Promise<Float32Array> {
    return this.current().hiddenState(request, signal);
  }

  async warm(prompt: PromptHandle, priority?: Priority): Promise<void> {
    return this.current().warm(prompt, priority);
  }

  /** A refusal before any work: throws `contended` queue_full when no request at all could be queued now. */
  assertRoom(): void {
    this.current().assertRoom();
  }

  assertTurn(turn: Turn): void {
    this.current().assertTurn(turn);
  }

  async stats(): Promise<EngineStats> {
    const stats = this.totals.of(await this.current().stats());
    return { ...stats, restartsTotal: this.restarts };
  }

  async close(graceMs?: number): Promise<void> {
    this.state = 'closed';
    clearInterval(this.watching);
    await this.life.close(graceMs);
  }

  /** A closed one gives its own refusals. */
  private current(): WorkerEngine {
    if (this.state === 'loading' || this.state === 'restarting') throw notLoaded(this.state);
    return this.life;
  }

  private start(): WorkerEngine {
    const { options, model, limits } = this;
    const inStep = new Flag();
    const init = workerInit(options, inStep);
    const worker = options.startWorker?.(init) ?? startWorker('./worker', import.meta.url, init);
    const { bundle, prompts, maxQueueWaitMs, watch, onFailure } = options;
    const parts = { bundle, prompts, maxQueueWaitMs, watch, onFailure };
    this.unanswered = null;
    return new WorkerEngine(worker, { ...parts, model, limits, inStep });
  }

  private async replaceEnded(): Promise<void> {
    const { onRestart, onRestarted } = this.options;
    for (;;) {
      const error = await this.life.ended;
      if (error === null || this.state === 'closed') return;
      this.state = 'restarting';
      this.totals.keep();
      if (this.isCrashLoop()) return this.fail({ error, hung: false });
      this.restarts++;
      onRestart?.(error);
      this.life = this.start();
      try {
        await this.life.loaded;
      } catch (cause) {
        // Whoever closes it waits for its end.
        if (this.isOpen) this.fail({ error: cause as Error, hung: false });
        return;
      }
      if (!this.isOpen) return;
      this.state = 'ready';
      onRestarted?.();
    }
  }

  /** `close` may come while something is awaited. */
  private get isOpen(): boolean {
    return this.state !== 'closed';
  }

  private isCrashLoop(): boolean {
    const now = performance.now();
    this.crashes.push(now);
    while (now - this.crashes[0]! > CRASH_WINDOW_MS) this.crashes.shift();
    return this.crashes.length >= MOST_CRASHES;
  }

  /** Asks the worker for its statistics; counts looks, not time, because this thread may have been held up itself. */
  private look(): void {
    if (this.state !== 'ready') return;
    if (this.unanswered !== null) {
      if (++this.unanswered > LOOKS) void this.giveUp();
      return;
    }
    const { life } = this;
    this.unanswered = 1;
    const answered = (): void => {
      if (this.life === life) this.unanswered = null;
    };
    this.stats().then(answered, answered);
  }

  private async giveUp(): Promise<void> {
    this.state = 'restarting';
    // Its end is seen by `replaceEnded`.
    if (await this.life.terminate()) return;
    const error = new Error(`The engine did not end a step for ${this.options.stallMs} ms.`);
    this.fail({ error, hung: true });
  }

  private fail(failure: EngineFailure): void {
    clearInterval(this.watching);
    this.options.onFatal(failure);
  }
}
