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
} from '../../domain/engine.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import type { EngineWatch } from '../../domain/tracing.ts';
import { type Bundle, describeModel, isEncoderDecoder } from '../../model/bundle.ts';
import { EmbeddingFile } from '../../model/embedding-file.ts';
import { checkGenerate, checkScore } from '../admission.ts';
import { EventQueue } from '../event-queue.ts';
import { mostOfOneFlow } from '../options.ts';
import { type Admission, Places } from '../places.ts';
import type { Passage } from '../queue-wait.ts';
import { asDomainError, draining, notLoaded } from '../refusals.ts';
import { assertForm, assertGenerates } from './abilities.ts';
import type { VllmAddress } from './address.ts';
import { AtVllm } from './at-vllm.ts';
import { Counts } from './counts.ts';
import { Job } from './job.ts';
import { Presence } from './presence.ts';
import { PromptRows } from './prompt-rows.ts';
import { engineCannot } from './refusals.ts';
import { VllmServer } from './server.ts';
import { Slots } from './slots.ts';

export interface VllmEngineOptions {
  /** Of the same weights: its embedding table, its tokenizer and its identity. */
  readonly bundle: Bundle;
  readonly prompts: PromptSource;
  readonly address: VllmAddress;
  /** The model's name at vLLM; null: the only one that it serves. */
  readonly modelName: string | null;
  /** Requests that are at vLLM at the same time. */
  readonly maxBatchSize: number;
  readonly maxQueueLength: number;
  /** Memory for the rows of prompts. */
  readonly prefixCacheBytes: number;
  readonly queueTimeoutMs: number;
  readonly maxQueueWaitMs: number;
  /** Without a byte from vLLM for so long a request is given up. */
  readonly stallMs: number;
  readonly watch?: (() => EngineWatch | null) | undefined;
  /** A request failed at vLLM; the engine goes on. */
  onFailure(error: Error): void;
  /** vLLM went away or is not what it should be. */
  onAway(error: Error): void;
  /** It is there again. */
  onBack(): void;
}

/** Opens the bundle's embedding table and looks for vLLM. Throws `unprocessable` engine_cannot for an encoder-decoder model. */
export async function createVllmEngine(options: VllmEngineOptions): Promise<VllmEngine> {
  if (isEncoderDecoder(options.bundle.manifest.config)) {
    throw engineCannot('An encoder-decoder model', '--engine', 'a decoder-only model, or --engine embedded');
  }
  return new VllmEngine(options, await EmbeddingFile.open(options.bundle));
}

/**
 * {@link Engine} over a vLLM server: prompts are put in front of the rows of the input here, and vLLM gets the rows. Admission, turns
 * and limits are those of the embedded engine.
 */
export class VllmEngine implements Engine {
  readonly kind = 'vllm';
  readonly device = 'remote';
  readonly model: ModelInfo;
  readonly limits: EngineLimits;
  /** vLLM was there for the first time. */
  readonly loaded: Promise<void>;
  private readonly watch: VllmEngineOptions['watch'];
  private readonly onFailure: (error: Error) => void;
  private readonly embeddings: EmbeddingFile;
  private readonly server: VllmServer;
  private readonly presence: Presence;
  private readonly prompts: PromptRows;
  private readonly places: Places;
  private readonly slots: Slots;
  private readonly counts = new Counts();
  private readonly jobs = new Set<Job>();
  private readonly atVllm: AtVllm;
  private closing: Promise<void> | null = null;

  constructor(options: VllmEngineOptions, embeddings: EmbeddingFile) {
    const { bundle, address, maxBatchSize, stallMs } = options;
    this.model = describeModel(bundle);
    this.embeddings = embeddings;
    this.watch = options.watch;
    this.onFailure = options.onFailure;
    this.server = new VllmServer({ address, connections: maxBatchSize, stallMs });
    const { server, model } = this;
    const { modelName: name, onAway, onBack } = options;
    const presence = new Presence({ server, model, embeddings, name, onAway, onBack });
    this.presence = presence;
    this.loaded = presence.first;
    this.prompts = new PromptRows(options.prompts, options.prefixCacheBytes);
    this.slots = new Slots(maxBatchSize, options.queueTimeoutMs);
    this.limits = {
      // Of what vLLM was started with it is known only when it is there.
      get contextLength() {
        const atVllm = presence.lastModel?.contextLength ?? model.contextLength;
        return Math.min(model.contextLength, atVllm);
      },
      outputLength: null,
      maxBatchSize,
      maxQueueLength: options.maxQueueLength,
      maxSequencesPerFlow: mostOfOneFlow(options),
      kvPositions: null,
    };
    this.places = new Places(this.limits, options.maxQueueWaitMs);
    const { prompts, slots, counts } = this;
    this.atVllm = new AtVllm({ server, presence, embeddings, prompts, slots, counts, model });
  }

  /** Requests are refused unless it is `ready`. */
  get phase(): 'loading' | 'ready' | 'restarting' {
    if (this.closing !== null || this.presence.model !== null) return 'ready';
    return this.presence.lastModel === null ? 'loading' : 'restarting';
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    this.admit(request);
    checkGenerate(request, this.limits);
    assertGenerates(request);
    signal.throwIfAborted();
    const queue = new EventQueue<GenerateEvent>();
    const admission = { ...request, sequences: 1 };
    const job = this.start(admission, signal, this.places.enter(admission));
    const emit = (event: GenerateEvent): void => {
      if (event.type === 'token') job.token();
      queue.push(event);
    };
    void this.run(job, signal, () => this.atVllm.generate(request, job, emit)).then(
      (reason) => {
        queue.push({ type: 'end', reason });
        queue.end();
      },
      // A client that has left is not told why there is no end.
      (error: Error) => (signal.aborted ? queue.end() : queue.fail(error)),
    );
    return consume(queue, job);
  }

  async score(request: ScoreRequest, signal: AbortSignal): Promise<readonly Float64Array[]> {
    this.admit(request);
    checkScore(request, this.model, this.limits);
    if (request.prompt !== null) assertForm(request.prompt.form);
    signal.throwIfAborted();
    const job = this.start({ ...request, sequences: 1 }, signal);
    return this.run(job, signal, () => this.atVllm.score(request, job));
  }

  async hiddenState({ flow, priority }: HiddenStateRequest): Promise<Float32Array> {
    this.admit({ flow, priority });
    throw engineCannot(
      'The hidden state, which a classification head reads,',
      'task',
      'a task without a head',
    );
  }

  /** Makes vLLM read the rows: it may keep their keys and values, and an upload is known to work. */
  async warm(prompt: PromptHandle, priority: Priority = 'interactive'): Promise<void> {
    this.assertOpen();
    assertForm(prompt.form);
    const { signal } = new AbortController();
    const job = this.jobOf({ signal, passages: [], watch: null }, () => undefined);
    await this.run(job, signal, () => this.atVllm.warm(prompt, priority, job));
  }

  assertRoom(): void {
    this.assertOpen();
    this.places.assertRoom();
  }

  assertTurn(turn: Turn): void {
    if (this.closing === null) this.places.assertTurn(turn);
  }

  async stats(): Promise<EngineStats> {
    this.assertThere();
    return this.counts.snapshot(this.slots, this.prompts, this.presence.losses);
  }

  close(graceMs = 10_000): Promise<void> {
    this.closing ??= this.stop(graceMs);
    return this.closing;
  }

  private async stop(graceMs: number): Promise<void> {
    await this.places.empty(graceMs);
    for (const job of this.jobs) job.abort(draining());
    await this.presence.stop();
    this.server.close();
    await this.embeddings.close();
  }

  private admit({ flow, priority }: Turn): void {
    this.assertOpen();
    this.places.assertAdmitted({ flow, priority, sequences: 1 });
  }

  private assertOpen(): void {
    if (this.closing !== null) throw draining();
    this.assertThere();
  }

  private assertThere(): void {
    const { phase } = this;
    if (phase !== 'ready') throw notLoaded(phase);
  }

  private start(admission: Admission, signal: AbortSignal, passages: readonly Passage[] = []): Job {
    const giveBack = this.places.take(admission);
    return this.jobOf({ signal, passages, watch: this.watch?.() ?? null }, giveBack);
  }

  private jobOf(
    parts: Pick<ConstructorParameters<typeof Job>[0], 'signal' | 'passages' | 'watch'>,
    over: () => void,
  ): Job {
    const job: Job = new Job({
      ...parts,
      over: () => {
        this.jobs.delete(job);
        over();
      },
    });
    this.jobs.add(job);
    return job;
  }

  /** Ends the job whatever comes of its work. Rejects with a refusal that a client may see, or the reason of its signal. */
  private async run<T>(job: Job, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      job.end(null);
      return result;
    } catch (error) {
      if (signal.aborted || job.isOver) {
        job.end('aborted');
        throw error;
      }
      const refusal = asDomainError(error);
      if (refusal.cause !== undefined && refusal.code !== 'engine_lost') this.onFailure(refusal);
      job.end(refusal.code);
      throw withoutCause(refusal);
    }
  }
}

/** The queue's events; a consumer that stops early aborts the request. */
async function* consume(
  queue: EventQueue<GenerateEvent>,
  job: Job,
): AsyncGenerator<GenerateEvent, void, undefined> {
  try {
    yield* queue.drain();
  } finally {
    job.end('aborted');
  }
}

/** What vLLM said is in the log, not on its way to a client. */
function withoutCause(error: DomainError): DomainError {
  if (error.cause === undefined) return error;
  const { kind, code, message, param, expected, given, retryAfter } = error;
  return new DomainError(kind, code, message, {
    ...(param !== undefined && { param }),
    ...(expected !== undefined && { expected }),
    ...(given !== undefined && { given }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
