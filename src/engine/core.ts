import { Spread } from '../domain/distribution.ts';
import type {
  GenerateRequest,
  HiddenStateRequest,
  PromptHandle,
  ScoreRequest,
  Turn,
} from '../domain/engine.ts';
import type { DomainError } from '../domain/errors.ts';
import type { Backend, EncodeInputs, StepInputs, StepOutputs } from './backend.ts';
import type { CoreOptions, CorePorts, CoreStats } from './core-contract.ts';
import type { Sequence } from './decoding/sequence.ts';
import { Sequences } from './decoding/sequences.ts';
import { ROW_BOUNDS } from './distributions.ts';
import { assembleEncode, type EncodeWork, isEncodeWork } from './encoding/encode-work.ts';
import { EncoderJobs } from './encoding/encoder-jobs.ts';
import type { Job } from './job.ts';
import type { KvArray } from './kv/elements.ts';
import { InputCache } from './kv/input-cache.ts';
import { alignPast, kvBytesPerPosition, viewOfOutput } from './kv/kv.ts';
import { Prefixes } from './prefixes.ts';
import { QueueWaits } from './queue-waits.ts';
import { assembleStep, chunkLength } from './reading/chunk.ts';
import type { EmbeddingTable } from './reading/embeddings.ts';
import { resultsOf } from './reading/results.ts';
import type { Work } from './reading/work.ts';
import { asDomainError, ensembleTooLarge, noHiddenState, waitedTooLong } from './refusals.ts';
import { RequestJobs } from './request-jobs.ts';
import type { RequestPorts, Requests } from './requests.ts';
import { type Plan, Scheduler } from './scheduling/scheduler.ts';

type ReadPlan = Extract<Plan<Job, Sequence>, { kind: 'read' }>;
type DecodePlan = Extract<Plan<Job, Sequence>, { kind: 'decode' }>;

interface RunSize {
  /** Positions that each item of a reading run reads. */
  readonly read: readonly number[];
  /** Of one pass, padding included. */
  readonly positions: number;
  /** Of a decode run. */
  readonly steps?: number;
}

/** Memory for the joint past of a reading run of several rows, as a share of the KV memory. */
const READ_SHARE = 0.25;

/**
 * The engine without threads: requests in, events out, one forward pass a `step`. The scheduler decides what
 * runs; this class carries it out. All other methods are called between steps, never during one.
 */
export class EngineCore {
  private readonly backend: Backend;
  private readonly options: CoreOptions;
  private readonly ports: CorePorts;
  private readonly prefixes: Prefixes;
  private readonly inputs: InputCache;
  private readonly requests: Requests;
  private readonly scheduler: Scheduler<Job, Sequence>;
  private readonly sequences: Sequences;
  /** Waiting requests by id. */
  private readonly jobs = new Map<number, Job>();
  private readonly waits = new QueueWaits();
  private readonly rows = new Spread(ROW_BOUNDS);
  private readonly counters = { steps: 0, stepMs: 0, runMs: 0, prefilled: 0 };

  constructor(backend: Backend, embeddings: EmbeddingTable, options: CoreOptions, ports: CorePorts) {
    const { kvShape } = backend;
    this.backend = backend;
    this.options = options;
    this.ports = ports;
    this.prefixes = new Prefixes(backend, options.prefixCacheBytes, ports.requestPrompt);
    this.inputs = new InputCache(kvShape, options.inputCacheBytes);
    this.scheduler = new Scheduler({
      ...options,
      stepsPerRun: backend.loop?.steps ?? 1,
      fits: (rows, length) => this.sequences.batch.bytesFor(rows, length) <= options.kvCacheBytes,
      fitsTogether: (rows, past) =>
        rows * alignPast(past) * kvBytesPerPosition(kvShape) <= options.kvCacheBytes * READ_SHARE,
    });
    this.sequences = new Sequences({
      backend,
      embeddings,
      running: this.scheduler.running,
      emit: ports.emit,
      leaveQueue: (id) => {
        const job = this.jobs.get(id);
        return job !== undefined && this.leave(job);
      },
      left: (id) => this.waits.left(id),
      ended: (sequence, view) => this.requests.ended(sequence, view),
      queueAgain: (sequence) =>
        this.enqueue(this.requests.ofSequence(sequence, Number.POSITIVE_INFINITY), { first: true }),
      reportFailure: (error) => this.reportFailure(error),
    });
    const { encoder } = backend;
    const requestPorts: RequestPorts = {
      backend,
      embeddings,
      emit: (id, event) => this.sequences.emit(id, event),
      begin: (...read) => this.sequences.begin(...read),
    };
    this.requests =
      encoder === null
        ? new RequestJobs({ ...requestPorts, inputs: this.inputs })
        : new EncoderJobs({
            ...requestPorts,
            startTokenId: encoder.startTokenId,
            join: (sequence, source) => this.sequences.begin(sequence, null, [], source),
            follow: (job) => this.enqueue(job, { first: true }),
          });
  }

  generate(id: number, request: GenerateRequest): void {
    this.waits.came(id);
    const sequences = this.sequences.add(id, request);
    if (sequences.length > 1 && !this.hasRoomFor(sequences)) {
      const error = ensembleTooLarge(sequences.length, this.options.maxBatchSize);
      this.sequences.emit(id, { type: 'error', error });
      return;
    }
    for (const sequence of sequences) this.enqueue(this.requests.ofSequence(sequence, this.deadline()));
  }

  score(id: number, request: ScoreRequest): void {
    this.waits.came(id);
    this.enqueue(this.requests.ofScore(id, request, this.deadline()));
  }

  hiddenState(id: number, request: HiddenStateRequest): void {
    if (this.requests instanceof RequestJobs) {
      this.waits.came(id);
      this.enqueue(this.requests.ofHiddenState(id, request, this.deadline()));
    } else this.ports.emit(id, { type: 'error', error: noHiddenState() });
  }

  /** Computes a prompt's prefix, unless it is cached. */
  warm(id: number, prompt: PromptHandle, priority: Turn['priority']): void {
    this.prefixes.acquire(prompt, { priority, flow: 'warm' }, (result) => {
      if (result instanceof Error) {
        this.ports.emit(id, { type: 'error', error: asDomainError(result) });
        return;
      }
      this.prefixes.release(prompt);
      this.ports.emit(id, { type: 'warmed' });
    });
  }

  /** Forgets a request: its row is free before the next step, and no further event comes. */
  abort(id: number): void {
    this.waits.left(id);
    this.sequences.abort(id);
  }

  /** Answers `requestPrompt`. */
  providePrompt(key: string, values: Float32Array | DomainError): void {
    const job = this.prefixes.provide(key, values);
    // In front of its flow: any number of requests wait for it.
    if (job !== null) this.scheduler.waiting.addFirst(job);
  }

  /** Runs one forward pass, if anything can run; returns whether it did. */
  async step(): Promise<boolean> {
    const started = performance.now();
    this.sequences.batch.settle();
    for (const job of this.scheduler.expired(started)) this.failJob(job, waitedTooLong());
    for (const job of this.scheduler.upcoming()) {
      // What else is pinned now would be in the way of an ensemble that has begun.
      if (job.state === 'queued' && !this.prepare(job) && job.together?.hasBegun) break;
    }
    const plan = this.scheduler.schedule();
    if (plan === null) return false;
    if (plan.kind === 'decode') await this.decode(plan);
    else await this.read(plan);
    this.counters.steps++;
    this.counters.stepMs += performance.now() - started;
    return true;
  }

  /** Whether anything waits for its first run, or for its next part to be read. */
  get hasWaiting(): boolean {
    return this.scheduler.waiting.size > 0;
  }

  stats(): CoreStats {
    const { counters } = this;
    const prefixes = this.prefixes.stats();
    const inputs = this.inputs.stats();
    return {
      running: this.sequences.batch.size,
      waiting: this.scheduler.waiting.size,
      queueWaitSeconds: this.waits.snapshot(),
      decodeRows: this.rows.snapshot(),
      stepsTotal: counters.steps,
      stepSecondsTotal: counters.stepMs / 1000,
      runSecondsTotal: counters.runMs / 1000,
      generatedTokensTotal: this.sequences.counters.generated,
      prefillTokensTotal: counters.prefilled,
      preemptionsTotal: this.sequences.counters.preempted,
      kvCacheBytes: this.sequences.batch.bytes,
      kvCacheCapacityBytes: this.options.kvCacheBytes,
      prefixEntries: prefixes.entries,
      prefixBytes: prefixes.bytes,
      prefixHitsTotal: prefixes.hits,
      prefixMissesTotal: prefixes.misses,
      prefixEvictionsTotal: prefixes.evictions,
      inputCacheBytes: inputs.bytes,
      inputCacheHitTokensTotal: inputs.hitTokens,
      inputCacheEvictionsTotal: inputs.evictions,
    };
  }

  /** Whether those that need their rows together can have them when nothing else runs. */
  private hasRoomFor(sequences: readonly Sequence[]): boolean {
    const rows = sequences.length;
    const length = Math.max(...sequences.map(({ finalLength }) => finalLength));
    const bytes = this.sequences.batch.bytesFor(rows, length);
    return rows <= this.options.maxBatchSize && bytes <= this.options.kvCacheBytes;
  }

  private deadline(): number {
    return performance.now() + this.options.queueTimeoutMs;
  }

  private enqueue(job: Job, { first = false } = {}): void {
    this.jobs.set(job.options.id!, job);
    if (first) this.scheduler.waiting.addFirst(job);
    else this.scheduler.waiting.add(job);
  }

  /** Pins what a job reads behind, once its turn is near: what waits far back holds no memory. False: there is no room. */
  private prepare(job: Job): boolean {
    const { prompt, priority, flow } = job.options;
    if (prompt === null) {
      job.prepare(null);
      return true;
    }
    if (!this.prefixes.hasRoomFor(prompt) && !this.makeRoomFor(job, prompt)) return false;
    job.state = 'preparing';
    this.prefixes.acquire(prompt, { priority, flow }, (result) => {
      const queued = this.scheduler.waiting.has(job);
      if (result instanceof Error) {
        job.state = 'queued';
        if (queued) this.failJob(job, asDomainError(result));
      } else if (queued) job.prepare(result);
      else this.prefixes.release(prompt);
    });
    return true;
  }

  /**
   * Rows are kept for those of an ensemble that has begun, so what waits for rows must not hold the memory that its other
   * members need: their prefixes are taken back. Returns whether there is room then.
   */
  private makeRoomFor({ together }: Job, wanted: PromptHandle): boolean {
    if (!together?.hasBegun) return false;
    for (const other of this.jobs.values()) {
      const { prompt } = other.options;
      if (prompt === null || other.state !== 'ready' || other.isOpen || other.together?.hasBegun) continue;
      this.prefixes.release(prompt);
      other.unprepare();
      if (this.prefixes.hasRoomFor(wanted)) return true;
    }
    return false;
  }

  /** Takes a job out of the queue with all that it holds; returns whether it was there. */
  private leave(job: Job): boolean {
    const { id, prompt } = job.options;
    if (!this.scheduler.remove(job)) return false;
    if (id !== null) this.jobs.delete(id);
    // While it is being prepared it holds no pin yet: the callback gives that back.
    if (prompt !== null && job.state === 'ready') this.prefixes.release(prompt);
    return true;
  }

  private failJob(job: Job, error: DomainError): void {
    if (!this.leave(job)) return;
    if (job.options.id !== null) this.waits.left(job.options.id);
    job.options.fail(error);
  }

  private async read(plan: ReadPlan): Promise<void> {
    for (const { options } of plan.items) if (options.id !== null) this.begun(options.id);
    const works = plan.items.map(({ work }) => work);
    // The scheduler puts no two halves of a model into one run.
    if (works.every(isEncodeWork)) await this.encode(plan, works);
    else if (works.every((work): work is Work => !isEncodeWork(work))) await this.readOn(plan, works);
  }

  private begun(id: number): void {
    this.sequences.begun(id);
    const waitedMs = this.waits.begun(id);
    if (waitedMs !== null) this.ports.begun?.(id, waitedMs);
  }

  private async encode(plan: ReadPlan, works: readonly EncodeWork[]): Promise<void> {
    const { kvShape, hiddenSize, encoder } = this.backend;
    const lengths = works.map(({ length }) => length);
    let inputs: EncodeInputs;
    let keysValues: KvArray;
    try {
      inputs = this.assemble(() => assembleEncode(works, hiddenSize));
      const positions = inputs.batch * inputs.length;
      keysValues = await this.run(plan, { read: lengths, positions }, () => encoder!.encode(inputs));
    } catch (error) {
      for (const job of plan.items) this.failJob(job, asDomainError(error));
      return;
    }
    plan.items.forEach((job, row) => {
      const length = lengths[row]!;
      const layout = { batch: inputs.batch, sequence: inputs.length, row, length };
      this.counters.prefilled += length;
      works[row]!.accept(viewOfOutput(keysValues, kvShape, layout));
      // It has left with its ensemble.
      if (!this.leave(job)) return;
      job.options.finish();
    });
  }

  private async readOn(plan: ReadPlan, works: readonly Work[]): Promise<void> {
    const chunks = works.map((work) => work.nextChunk(plan.budget));
    const read = chunks.map(chunkLength);
    let inputs: StepInputs;
    let outputs: StepOutputs;
    try {
      inputs = this.assemble(() => assembleStep(chunks, this.backend));
      outputs = await this.run(plan, { read, positions: inputs.batch * inputs.sequence }, () =>
        this.backend.run(inputs),
      );
    } catch (error) {
      for (const job of plan.items) this.failJob(job, asDomainError(error));
      return;
    }
    const { batch, sequence } = inputs;
    const results = resultsOf(chunks, outputs, this.backend);
    plan.items.forEach((job, row) => {
      const length = read[row]!;
      this.counters.prefilled += length;
      const layout = { batch, sequence, row, length };
      const view = viewOfOutput(outputs.newKeysValues, this.backend.kvShape, layout);
      const work = works[row]!;
      work.accept(chunks[row]!, results[row]!, view);
      if (work.remaining > 0) return;
      // Before `finish`, which may queue the same request again. It can have left already, with its ensemble.
      if (!this.leave(job)) return;
      job.options.finish();
    });
  }

  private async decode(plan: DecodePlan): Promise<void> {
    for (const sequence of plan.preempted) this.sequences.preempt(sequence);
    const rows = [...this.scheduler.running];
    this.rows.add(rows.length);
    let accept: () => void;
    try {
      const run = this.assemble(() => this.sequences.assemble(rows));
      accept = await this.run(plan, { read: [], positions: rows.length, steps: run.steps }, run.execute);
    } catch (error) {
      this.sequences.fail(rows, error);
      return;
    }
    accept();
  }

  /** Memory can run out here as well as in the run. */
  private assemble<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      this.reportFailure(error);
      throw error;
    }
  }

  private async run<T>(plan: Plan<Job, Sequence>, size: RunSize, execute: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await execute();
    } catch (error) {
      this.reportFailure(error);
      throw error;
    } finally {
      const ms = performance.now() - started;
      this.counters.runMs += ms;
      this.scheduler.postprocess(plan, { ms, ...size });
    }
  }

  private reportFailure(error: unknown): void {
    this.ports.reportFailure(error instanceof Error ? error : new Error(String(error)));
  }
}
