import type { Worker } from 'node:worker_threads';
import type {
  Engine,
  EngineLimits,
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
import type { EngineWatch } from '../domain/tracing.ts';
import type { Bundle } from '../model/bundle.ts';
import { answering } from '../thread-share.ts';
import { checkGenerate, checkHiddenState, checkScore } from './admission.ts';
import type { CoreStats } from './core-contract.ts';
import { EventQueue } from './event-queue.ts';
import type { Flag } from './flag.ts';
import type { EngineOptions } from './options.ts';
import { type Admission, Places } from './places.ts';
import type { FromWorker, ToWorker, WireEvent } from './protocol.ts';
import { draining, engineRestarted, stopped } from './refusals.ts';
import { asLocalTime } from './shared-clock.ts';
import { SharedIds } from './shared-ids.ts';
import { WatchedEvents } from './watched-events.ts';

/** What one life of the worker needs. */
export interface WorkerEngineOptions
  extends Pick<EngineOptions, 'bundle' | 'prompts' | 'maxQueueWaitMs' | 'watch'> {
  readonly model: ModelInfo;
  readonly limits: EngineLimits;
  /** Set by the worker while a step is under way. */
  readonly inStep: Flag;
  /** Called when a run failed: the requests that were in it have failed, the engine goes on. */
  onFailure(error: Error): void;
}

type Listener = (event: WireEvent) => void;
type EventsMessage = Extract<FromWorker, { type: 'events' }>;

/**
 * The engine as long as one worker lives. When the thread ends unexpectedly, every request that is in it fails with
 * `unavailable` engine_restarted, and no other is taken.
 */
export class WorkerEngine implements Omit<Engine, 'kind' | 'device' | 'stats'> {
  readonly model: ModelInfo;
  readonly limits: EngineLimits;
  /** Rejects when the model cannot be loaded. */
  readonly loaded: Promise<void>;
  /** Resolves when the thread is gone: with the reason, or null after `close`. */
  readonly ended: Promise<Error | null>;
  private readonly worker: Worker;
  private readonly prompts: PromptSource;
  private readonly onFailure: (error: Error) => void;
  private readonly inStep: Flag;
  private readonly ids: SharedIds;
  private readonly watch: (() => EngineWatch | null) | undefined;
  private readonly listeners = new Map<number, Listener>();
  /** Messages of the worker that have not been handed on. */
  private readonly arrived: EventsMessage[] = [];
  private handingOn = false;
  /** When the events that are being handed on were sent; null: none are. */
  private sentAt: number | null = null;
  private nextId = 1;
  private readonly places: Places;
  private state: 'open' | 'draining' | 'stopped' | 'ended' = 'open';

  constructor(worker: Worker, options: WorkerEngineOptions) {
    this.worker = worker;
    this.prompts = options.prompts;
    this.onFailure = options.onFailure;
    this.inStep = options.inStep;
    this.watch = options.watch;
    this.model = options.model;
    this.limits = options.limits;
    this.ids = new SharedIds(options.model.vocabSize);
    this.places = new Places(options.limits, options.maxQueueWaitMs);
    let cause: Error | null = null;
    worker.once('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    this.ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        const expected = this.state === 'stopped';
        if (!expected) this.abandon();
        else this.failAll(stopped());
        resolve(expected ? null : (cause ?? new Error(`The engine's worker ended with code ${code}.`)));
      });
    });
    this.loaded = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'ready') resolve();
        else this.receive(message);
      });
      void this.ended.then((error) => reject(unloadable(options.bundle, error ?? stopped())));
    });
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { flow, priority } = request;
    const admission = { flow, priority, sequences: 1 + (request.others?.length ?? 0) };
    this.admit(admission);
    checkGenerate(request, this.limits);
    const inputIds = this.ids.share(request.inputIds, 'prompt');
    signal.throwIfAborted();
    const queue = new EventQueue<GenerateEvent>();
    const id = this.nextId++;
    const passages = this.places.enter(admission);
    const abort = (): void => {
      this.post({ type: 'abort', id });
      finish();
      queue.end();
    };
    const forget = this.track(id, admission, signal, abort, (event) => {
      if (event.type === 'error') {
        finish();
        queue.fail(deserializeError(event.error));
      } else if (event.type === 'input' || event.type === 'token' || event.type === 'end') {
        if (event.type === 'token') for (const passage of passages) passage.started(this.eventTime());
        queue.push(event);
        if (event.type !== 'end') return;
        finish();
        queue.end();
      }
    });
    const finish = (): void => {
      for (const passage of passages) passage.ended(this.eventTime());
      forget();
    };
    this.post({ type: 'generate', id, request: { ...request, inputIds } });
    return this.consume(id, queue, abort);
  }

  async score(request: ScoreRequest, signal: AbortSignal): Promise<readonly Float64Array[]> {
    this.admit({ ...request, sequences: 1 });
    checkScore(request, this.model, this.limits);
    const shared = { ...request, inputIds: this.ids.share(request.inputIds, 'inputs') };
    const event = await this.answer((id) => ({ type: 'score', id, request: shared }), request.flow, signal);
    return event.type === 'scores' ? event.logprobs : unexpected(event);
  }

  async hiddenState(request: HiddenStateRequest, signal: AbortSignal): Promise<Float32Array> {
    this.admit({ ...request, sequences: 1 });
    checkHiddenState(request, this.limits);
    const shared = { ...request, inputIds: this.ids.share(request.inputIds, 'inputs') };
    const event = await this.answer(
      (id) => ({ type: 'hidden_state', id, request: shared }),
      request.flow,
      signal,
    );
    return event.type === 'hidden' ? event.state : unexpected(event);
  }

  async warm(prompt: PromptHandle, priority: Priority = 'interactive'): Promise<void> {
    const event = await this.ask((id) => ({ type: 'warm', id, prompt, priority }));
    if (event.type === 'error') throw deserializeError(event.error);
  }

  async stats(): Promise<CoreStats> {
    const event = await this.ask((id) => ({ type: 'stats', id }));
    if (event.type === 'stats') return event.stats;
    throw event.type === 'error' ? deserializeError(event.error) : new Error(`unexpected ${event.type}`);
  }

  async close(graceMs = 10_000): Promise<void> {
    if (this.state === 'open') this.state = 'draining';
    if (this.state === 'ended') return;
    await this.places.empty(graceMs);
    // The worker looks at its messages between steps, so it is never stopped inside a run.
    for (const id of this.listeners.keys()) this.post({ type: 'abort', id });
    this.failAll(draining());
    this.state = 'stopped';
    this.post({ type: 'shutdown' });
    await this.ended;
  }

  /** Fails what is in the worker and takes nothing more. */
  private abandon(): void {
    this.state = 'ended';
    this.failAll(engineRestarted());
  }

  /**
   * Gives a thread up that does not answer, and ends it. False: it is inside a step, and stays, because ending a
   * thread inside a run of the model would abort the process.
   */
  async terminate(): Promise<boolean> {
    this.abandon();
    if (this.inStep.isSet) return false;
    await this.worker.terminate();
    return true;
  }

  /** Throws `contended` queue_full when no request at all could be queued now. */
  assertRoom(): void {
    this.places.assertRoom();
  }

  /**
   * Throws `contended` queue_wait when one more sequence of this turn would wait too long, before anything is known of it but
   * its turn. What is refused so counts as asked for.
   */
  assertTurn(turn: Turn): void {
    if (this.state === 'open') this.places.assertTurn(turn);
  }

  private admit(admission: Admission): void {
    if (this.state === 'ended') throw engineRestarted();
    if (this.state !== 'open') throw draining();
    this.places.assertAdmitted(admission);
  }

  /** Registers an admitted request; the returned function forgets it and may be called more than once. */
  private track(
    id: number,
    admission: Pick<Admission, 'flow' | 'sequences'>,
    signal: AbortSignal,
    abort: () => void,
    listener: Listener,
  ): () => void {
    const giveBack = this.places.take(admission);
    const watch = this.watch?.() ?? null;
    const watched = watch === null ? null : new WatchedEvents(watch);
    this.listeners.set(id, watched === null ? listener : (event) => watched.pass(event, listener));
    signal.addEventListener('abort', abort, { once: true });
    return () => {
      if (!this.listeners.delete(id)) return;
      watched?.end();
      signal.removeEventListener('abort', abort);
      giveBack();
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
      const finish = this.track(id, { flow, sequences: 1 }, signal, abort, (event) => {
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
    if (this.state === 'ended') return Promise.reject(engineRestarted());
    if (this.state === 'stopped') return Promise.reject(stopped());
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
    else {
      this.arrived.push(message);
      if (!this.handingOn) void this.handOn();
    }
  }

  /** When the event that is being heard happened: how long a row is kept must not depend on how busy this thread is. */
  private eventTime(): number {
    return this.sentAt ?? performance.now();
  }

  /** As many messages in a turn of the event loop as there is time for, with all that their events set off. */
  private async handOn(): Promise<void> {
    this.handingOn = true;
    for (let message = this.arrived.shift(); message !== undefined; message = this.arrived.shift()) {
      if (answering.isOver()) await answering.next();
      this.sentAt = asLocalTime(message.at);
      for (const [id, event] of message.events) this.listeners.get(id)?.(event);
      this.sentAt = null;
      this.post({ type: 'taken' });
      // Promises that the events have fulfilled go first.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    this.handingOn = false;
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

function unloadable({ directory }: Bundle, cause: unknown): DomainError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DomainError('unprocessable', 'model_unloadable', `The model cannot be loaded: ${reason}`, {
    param: directory,
    expected: 'a complete bundle; "softprompt model verify" checks it',
    cause,
  });
}
