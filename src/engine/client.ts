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
  PromptSource,
  ScoreRequest,
  Turn,
} from '../domain/engine.ts';
import { DomainError, deserializeError, serializeError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import { type Bundle, decoderLayers, describeModel, isEncoderDecoder } from '../model/bundle.ts';
import { startWorker } from '../threads/start-worker.ts';
import { checkGenerate, checkHiddenState, checkScore } from './admission.ts';
import { EventQueue } from './event-queue.ts';
import { longestRow } from './kv/slab.ts';
import type { FromWorker, ToWorker, WireEvent, WorkerInit } from './protocol.ts';
import { QueueWait } from './queue-wait.ts';

export interface EngineOptions {
  readonly bundle: Bundle;
  readonly prompts: PromptSource;
  /** Threads inside one operator; 0: the physical cores. */
  readonly threads: number;
  readonly maxBatchSize: number;
  readonly maxQueueLength: number;
  readonly kvCacheBytes: number;
  readonly prefixCacheBytes: number;
  /** For the beginnings of inputs; 0 turns that cache off. */
  readonly inputCacheBytes: number;
  /** How long a request may wait for its first run. */
  readonly queueTimeoutMs: number;
  /** Interactive sequences that would wait longer than this for a row are refused. */
  readonly maxQueueWaitMs: number;
  /** Called once when the worker dies of an error: every request has failed, and the process should end. */
  onCrash(error: Error): void;
  /** Called when a run failed: the requests that were in it have failed, the engine goes on. */
  onFailure(error: Error): void;
}

/** Positions of one reading run, padding included: alone, and the bounds while other rows decode. */
const READ_BUDGET = 512;
const INTERLEAVED_READ_BUDGET = { least: 32, most: 256 } as const;

/** A task may fill this share of the queue; the rest is for the others. */
const QUEUE_SHARE = 0.5;

/** Starts the engine's worker; resolves when the model is loaded. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  // The graph's rotary tables end with the context: no run may be wider, padding included.
  const widest = options.bundle.manifest.config.contextLength;
  const init: WorkerInit = {
    bundle: options.bundle,
    threads: options.threads,
    core: {
      maxBatchSize: options.maxBatchSize,
      kvCacheBytes: options.kvCacheBytes,
      prefixCacheBytes: options.prefixCacheBytes,
      inputCacheBytes: options.inputCacheBytes,
      queueTimeoutMs: options.queueTimeoutMs,
      readBudget: Math.min(READ_BUDGET, widest),
      interleavedReadBudget: {
        least: Math.min(INTERLEAVED_READ_BUDGET.least, widest),
        most: Math.min(INTERLEAVED_READ_BUDGET.most, widest),
      },
    },
  };
  const worker = startWorker('./worker', import.meta.url, init);
  const engine = new WorkerEngine(worker, options);
  await engine.loaded;
  return engine;
}

type Listener = (event: WireEvent) => void;

class WorkerEngine implements Engine {
  readonly model: ModelInfo;
  readonly limits: EngineLimits;
  readonly loaded: Promise<void>;
  private readonly worker: Worker;
  private readonly prompts: PromptSource;
  private readonly onFailure: (error: Error) => void;
  private readonly listeners = new Map<number, Listener>();
  private readonly exited: Promise<void>;
  private nextId = 1;
  /** Sequences and scores that were admitted and have not ended; in all, and by flow. */
  private outstanding = 0;
  private readonly outstandingOf = new Map<string, number>();
  private readonly queueWait: QueueWait;
  private readonly maxQueueWaitMs: number;
  private state: 'open' | 'draining' | 'stopped' | 'crashed' = 'open';
  private idle: (() => void) | null = null;

  constructor(worker: Worker, options: EngineOptions) {
    this.worker = worker;
    this.prompts = options.prompts;
    this.onFailure = options.onFailure;
    this.queueWait = new QueueWait(options.maxBatchSize);
    this.maxQueueWaitMs = options.maxQueueWaitMs;
    this.model = describeModel(options.bundle);
    const { config } = options.bundle.manifest;
    const { numKeyValueHeads, headDim } = config;
    const kvShape = { planes: 2 * decoderLayers(config), heads: numKeyValueHeads, dim: headDim };
    const hasEncoder = isEncoderDecoder(config);
    // A row that the cache could never hold is refused at once, not queued for ever. Source and output have one each.
    const rowBytes = options.kvCacheBytes / (hasEncoder ? 2 : 1);
    const contextLength = longestRow(kvShape, rowBytes, config.contextLength);
    this.limits = {
      contextLength,
      outputLength: hasEncoder ? contextLength : null,
      maxBatchSize: options.maxBatchSize,
      maxQueueLength: options.maxQueueLength,
      maxSequencesPerFlow: options.maxBatchSize + Math.ceil(options.maxQueueLength * QUEUE_SHARE),
    };
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.failAll(stopped());
        resolve();
      });
    });
    this.loaded = new Promise((resolve, reject) => {
      let ready = false;
      worker.on('message', (message: FromWorker) => {
        if (message.type !== 'ready') this.receive(message);
        else {
          ready = true;
          resolve();
        }
      });
      worker.once('error', (cause) => {
        if (ready) this.crash(cause instanceof Error ? cause : new Error(String(cause)), options.onCrash);
        else reject(unloadable(options.bundle, cause));
      });
    });
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    this.admit(request);
    checkGenerate(request, this.model, this.limits);
    signal.throwIfAborted();
    const queue = new EventQueue<GenerateEvent>();
    const id = this.nextId++;
    const passage = request.priority === 'interactive' ? this.queueWait.enter(request.flow) : null;
    const abort = (): void => {
      this.post({ type: 'abort', id });
      finish();
      queue.end();
    };
    const forget = this.track(id, request.flow, signal, abort, (event) => {
      if (event.type === 'error') {
        finish();
        queue.fail(deserializeError(event.error));
      } else if (event.type === 'input' || event.type === 'token' || event.type === 'end') {
        if (event.type === 'token') passage?.started(performance.now());
        queue.push(event);
        if (event.type !== 'end') return;
        finish();
        queue.end();
      }
    });
    const finish = (): void => {
      passage?.ended(performance.now());
      forget();
    };
    this.post({ type: 'generate', id, request });
    return this.consume(id, queue, abort);
  }

  async score(request: ScoreRequest, signal: AbortSignal): Promise<readonly Float64Array[]> {
    this.admit(request);
    checkScore(request, this.model, this.limits);
    const event = await this.answer((id) => ({ type: 'score', id, request }), request.flow, signal);
    return event.type === 'scores' ? event.logprobs : unexpected(event);
  }

  async hiddenState(request: HiddenStateRequest, signal: AbortSignal): Promise<Float32Array> {
    this.admit(request);
    checkHiddenState(request, this.model, this.limits);
    const event = await this.answer((id) => ({ type: 'hidden_state', id, request }), request.flow, signal);
    return event.type === 'hidden' ? event.state : unexpected(event);
  }

  async warm(prompt: PromptHandle, priority: Priority = 'interactive'): Promise<void> {
    const event = await this.ask((id) => ({ type: 'warm', id, prompt, priority }));
    if (event.type === 'error') throw deserializeError(event.error);
  }

  async stats(): Promise<EngineStats> {
    const event = await this.ask((id) => ({ type: 'stats', id }));
    if (event.type === 'stats') return event.stats;
    throw event.type === 'error' ? deserializeError(event.error) : new Error(`unexpected ${event.type}`);
  }

  async close(graceMs = 10_000): Promise<void> {
    if (this.state === 'open') this.state = 'draining';
    if (this.state === 'crashed') return;
    if (this.outstanding > 0) {
      let timer: NodeJS.Timeout | undefined;
      const drained = new Promise<void>((resolve) => {
        this.idle = resolve;
      });
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([drained, late]);
      clearTimeout(timer);
    }
    // The worker looks at its messages between steps, so it is never stopped inside a run.
    for (const id of this.listeners.keys()) this.post({ type: 'abort', id });
    this.failAll(draining());
    this.state = 'stopped';
    this.post({ type: 'shutdown' });
    await this.exited;
  }

  private admit({ flow, priority }: Turn): void {
    if (this.state !== 'open') throw draining();
    const { maxBatchSize, maxQueueLength, maxSequencesPerFlow } = this.limits;
    const now = performance.now();
    if (priority === 'interactive') this.queueWait.ask(flow, now);
    const retryAfter = this.queueWait.retryAfter(flow, now);
    const most = maxBatchSize + maxQueueLength;
    if (this.outstanding >= most) {
      throw new DomainError('contended', 'queue_full', 'The queue is full.', {
        expected: `at most ${most} sequences`,
        given: this.outstanding + 1,
        retryAfter,
      });
    }
    const own = this.outstandingOf.get(flow) ?? 0;
    if (own >= maxSequencesPerFlow) {
      throw new DomainError('contended', 'task_queue_full', "The task's share of the queue is full.", {
        expected: `at most ${maxSequencesPerFlow} sequences of one task`,
        given: own + 1,
        retryAfter,
      });
    }
    const wait = Math.round(this.queueWait.estimateMs(flow, now));
    const longest = Math.round(this.queueWait.longestMs(this.maxQueueWaitMs, now));
    if (priority === 'interactive' && wait > longest) {
      throw new DomainError('contended', 'queue_wait', 'The request would wait too long for its turn.', {
        expected: `at most ${longest} ms`,
        given: wait,
        retryAfter,
      });
    }
  }

  /** Registers an admitted request; the returned function forgets it and may be called more than once. */
  private track(
    id: number,
    flow: string,
    signal: AbortSignal,
    abort: () => void,
    listener: Listener,
  ): () => void {
    this.outstanding++;
    this.outstandingOf.set(flow, (this.outstandingOf.get(flow) ?? 0) + 1);
    this.listeners.set(id, listener);
    signal.addEventListener('abort', abort, { once: true });
    return () => {
      if (!this.listeners.delete(id)) return;
      signal.removeEventListener('abort', abort);
      this.outstanding--;
      const left = this.outstandingOf.get(flow)! - 1;
      if (left > 0) this.outstandingOf.set(flow, left);
      else this.outstandingOf.delete(flow);
      if (this.outstanding === 0) this.idle?.();
    };
  }

  /** The one event with which an admitted request is answered; rejects with its refusal. */
  private answer(message: (id: number) => ToWorker, flow: string, signal: AbortSignal): Promise<WireEvent> {
    signal.throwIfAborted();
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.post({ type: 'abort', id });
        finish();
        reject(signal.reason);
      };
      const finish = this.track(id, flow, signal, abort, (event) => {
        finish();
        if (event.type === 'error') reject(deserializeError(event.error));
        else resolve(event);
      });
      this.post(message(id));
    });
  }

  /** The queue's events; a consumer that stops early aborts the request. */
  private async *consume(
    id: number,
    queue: EventQueue<GenerateEvent>,
    abort: () => void,
  ): AsyncGenerator<GenerateEvent, void, undefined> {
    try {
      yield* queue.drain();
    } finally {
      if (this.listeners.has(id)) abort();
    }
  }

  /** A request with one answer, outside of admission. */
  private ask(message: (id: number) => ToWorker): Promise<WireEvent> {
    if (this.state === 'crashed' || this.state === 'stopped') return Promise.reject(stopped());
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.listeners.set(id, (event) => {
        this.listeners.delete(id);
        resolve(event);
      });
      this.post(message(id));
    });
  }

  private receive(message: Exclude<FromWorker, { type: 'ready' }>): void {
    if (message.type === 'prompt_wanted') void this.sendPrompt(message.key);
    else if (message.type === 'failure') this.onFailure(message.error);
    else for (const [id, event] of message.events) this.listeners.get(id)?.(event);
  }

  private async sendPrompt(key: string): Promise<void> {
    try {
      this.post({ type: 'prompt', key, values: await this.prompts.load(key) });
    } catch (error) {
      const refusal =
        error instanceof DomainError
          ? error
          : new DomainError('unavailable', 'prompt_unreadable', 'The prompt could not be read.', {
              retryAfter: 1,
            });
      this.post({ type: 'prompt_failed', key, error: serializeError(refusal) });
    }
  }

  private crash(error: Error, onCrash: (error: Error) => void): void {
    this.state = 'crashed';
    this.failAll(
      new DomainError('unavailable', 'engine_crashed', 'The engine has stopped.', { retryAfter: 5 }),
    );
    onCrash(error);
  }

  private failAll(refusal: DomainError): void {
    const error = serializeError(refusal);
    for (const listener of [...this.listeners.values()]) listener({ type: 'error', error });
  }

  private post(message: ToWorker): void {
    this.worker.postMessage(message);
  }
}

function unexpected({ type }: WireEvent): never {
  throw new Error(`unexpected ${type}`);
}

function stopped(): DomainError {
  return new DomainError('unavailable', 'engine_stopped', 'The engine has stopped.', { retryAfter: 5 });
}

function unloadable({ directory }: Bundle, cause: unknown): DomainError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DomainError('unprocessable', 'model_unloadable', `The model cannot be loaded: ${reason}`, {
    param: directory,
    expected: 'a complete bundle; "softprompt model verify" checks it',
    cause,
  });
}

function draining(): DomainError {
  return new DomainError('unavailable', 'draining', 'The server is shutting down.', { retryAfter: 5 });
}
