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
import type { CoreEvent, CoreOptions, CorePorts, CoreStats } from './core-contract.ts';
import { assembleDecode } from './decoding/assemble.ts';
import { DecodeBatch } from './decoding/batch.ts';
import type { Ensemble } from './decoding/ensemble.ts';
import { Ensembles } from './decoding/ensembles.ts';
import { Sequence } from './decoding/sequence.ts';
import { assembleEncode, type EncodeWork, isEncodeWork } from './encoding/encode-work.ts';
import { EncoderJobs } from './encoding/encoder-jobs.ts';
import type { Job } from './job.ts';
import { InputCache } from './kv/input-cache.ts';
import { alignPast, concatViews, type KvView, kvBytesPerPosition, viewOfOutput } from './kv/kv.ts';
import { Prefixes } from './prefixes.ts';
import { QueueWaits } from './queue-waits.ts';
import { assembleStep, chunkLength } from './reading/chunk.ts';
import type { EmbeddingTable } from './reading/embeddings.ts';
import { bestOf, isFinitePrediction, type Prediction, resultsOf, rowOf } from './reading/results.ts';
import type { Work } from './reading/work.ts';
import { asDomainError, ensembleTooLarge, noHiddenState, notFinite, waitedTooLong } from './refusals.ts';
import { RequestJobs } from './request-jobs.ts';
import type { RequestPorts, Requests } from './requests.ts';
import { type Plan, Scheduler } from './scheduling/scheduler.ts';

type ReadPlan = Extract<Plan<Job, Sequence>, { kind: 'read' }>;
type DecodePlan = Extract<Plan<Job, Sequence>, { kind: 'decode' }>;

const ROW_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Memory for the joint past of a reading run of several rows, as a share of the KV memory. */
const READ_SHARE = 0.25;

/**
 * The engine without threads: requests in, events out, one forward pass a `step`. The scheduler decides what
 * runs; this class carries it out. All other methods are called between steps, never during one.
 */
export class EngineCore {
  private readonly backend: Backend;
  private readonly embeddings: EmbeddingTable;
  private readonly options: CoreOptions;
  private readonly ports: CorePorts;
  private readonly batch: DecodeBatch;
  private readonly prefixes: Prefixes;
  private readonly inputs: InputCache;
  private readonly requests: Requests;
  private readonly scheduler: Scheduler<Job, Sequence>;
  private readonly ensembles = new Ensembles();
  /** Waiting requests by id. */
  private readonly jobs = new Map<number, Job>();
  private readonly waits = new QueueWaits();
  private readonly rows = new Spread(ROW_BOUNDS);
  private readonly counters = { steps: 0, stepMs: 0, runMs: 0, generated: 0, prefilled: 0, preempted: 0 };

  constructor(backend: Backend, embeddings: EmbeddingTable, options: CoreOptions, ports: CorePorts) {
    const { kvShape } = backend;
    this.backend = backend;
    this.embeddings = embeddings;
    this.options = options;
    this.ports = ports;
    this.prefixes = new Prefixes(backend, options.prefixCacheBytes, ports.requestPrompt);
    this.inputs = new InputCache(kvShape, options.inputCacheBytes);
    this.scheduler = new Scheduler({
      ...options,
      fits: (rows, length) => this.batch.bytesFor(rows, length) <= options.kvCacheBytes,
      fitsTogether: (rows, past) =>
        rows * alignPast(past) * kvBytesPerPosition(kvShape) <= options.kvCacheBytes * READ_SHARE,
    });
    const { encoder } = backend;
    const hasSources = encoder !== null;
    this.batch = new DecodeBatch(kvShape, hasSources, this.scheduler.running, (sequence, error) => {
      this.reportFailure(error);
      this.emit(sequence.id, { type: 'error', error: asDomainError(error) });
    });
    const requestPorts: RequestPorts = {
      backend,
      embeddings,
      emit: (id, event) => this.emit(id, event),
      begin: (...read) => this.begin(...read),
    };
    this.requests =
      encoder === null
        ? new RequestJobs({ ...requestPorts, inputs: this.inputs })
        : new EncoderJobs({
            ...requestPorts,
            startTokenId: encoder.startTokenId,
            join: (sequence, source) => this.begin(sequence, null, [], source),
            follow: (job) => this.enqueue(job, { first: true }),
          });
  }

  generate(id: number, request: GenerateRequest): void {
    const startTokenId = this.backend.encoder?.startTokenId ?? null;
    this.waits.came(id);
    if ((request.others ?? []).length > 0) this.generateTogether(id, request, startTokenId);
    else this.enqueue(this.requests.ofSequence(new Sequence(id, request, startTokenId), this.deadline()));
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
    const ensemble = this.ensembles.of(id);
    if (ensemble === null) this.drop(id);
    else this.dissolve(ensemble);
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
    this.batch.settle();
    for (const job of this.scheduler.expired(started)) this.failJob(job, waitedTooLong());
    for (const job of this.scheduler.upcoming()) if (job.state === 'queued') this.prepare(job);
    const plan = this.scheduler.schedule();
    if (plan === null) return false;
    if (plan.kind === 'decode') await this.decode(plan);
    else await this.read(plan);
    this.counters.steps++;
    this.counters.stepMs += performance.now() - started;
    return true;
  }

  stats(): CoreStats {
    const { counters } = this;
    const prefixes = this.prefixes.stats();
    const inputs = this.inputs.stats();
    return {
      running: this.batch.size,
      waiting: this.scheduler.waiting.size,
      queueWaitSeconds: this.waits.snapshot(),
      decodeRows: this.rows.snapshot(),
      stepsTotal: counters.steps,
      stepSecondsTotal: counters.stepMs / 1000,
      runSecondsTotal: counters.runMs / 1000,
      generatedTokensTotal: counters.generated,
      prefillTokensTotal: counters.prefilled,
      preemptionsTotal: counters.preempted,
      kvCacheBytes: this.batch.bytes,
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

  /** What a request is told. The members of an ensemble have one fate, and one request. */
  private emit(id: number, event: CoreEvent): void {
    const ensemble = this.ensembles.of(id);
    if (ensemble !== null && event.type === 'error') this.dissolve(ensemble);
    this.ports.emit(ensemble?.id ?? id, event);
  }

  private generateTogether(id: number, request: GenerateRequest, startTokenId: number | null): void {
    const ensemble = this.ensembles.add(id, request, startTokenId);
    const { members, size } = ensemble;
    const most = this.scheduler.rowsFor(request.priority);
    const length = Math.max(...members.map(({ finalLength }) => finalLength));
    if (size > most || this.batch.bytesFor(size, length) > this.options.kvCacheBytes) {
      this.waits.left(id);
      this.emit(id, { type: 'error', error: ensembleTooLarge(size, most) });
      return;
    }
    for (const member of members) this.enqueue(this.requests.ofSequence(member, this.deadline()));
  }

  /** Its members leave whatever they are in. */
  private dissolve(ensemble: Ensemble): void {
    this.ensembles.remove(ensemble);
    ensemble.dissolve();
    for (const { id } of ensemble.members) this.drop(id);
  }

  private drop(id: number): void {
    const job = this.jobs.get(id);
    if (job !== undefined) this.leave(job);
    else this.batch.abort(id);
  }

  private deadline(): number {
    return performance.now() + this.options.queueTimeoutMs;
  }

  private enqueue(job: Job, { first = false } = {}): void {
    this.jobs.set(job.options.id!, job);
    if (first) this.scheduler.waiting.addFirst(job);
    else this.scheduler.waiting.add(job);
  }

  /** Pins what a job reads behind, once its turn is near: what waits far back holds no memory. */
  private prepare(job: Job): void {
    const { prompt, priority, flow } = job.options;
    if (prompt === null) {
      job.prepare(null);
      return;
    }
    if (!this.prefixes.hasRoomFor(prompt)) return;
    job.state = 'preparing';
    this.prefixes.acquire(prompt, { priority, flow }, (result) => {
      const queued = this.scheduler.waiting.has(job);
      if (result instanceof Error) {
        job.state = 'queued';
        if (queued) this.failJob(job, asDomainError(result));
      } else if (queued) job.prepare(result);
      else this.prefixes.release(prompt);
    });
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
    const ensemble = this.ensembles.of(id);
    if (ensemble !== null) ensemble.hasBegun = true;
    const waitedMs = this.waits.begun(id);
    if (waitedMs !== null) this.ports.begun?.(id, waitedMs);
  }

  private async encode(plan: ReadPlan, works: readonly EncodeWork[]): Promise<void> {
    const { kvShape, hiddenSize, encoder } = this.backend;
    const lengths = works.map(({ length }) => length);
    let inputs: EncodeInputs;
    let keysValues: Float32Array;
    try {
      inputs = this.assemble(() => assembleEncode(works, hiddenSize));
      const positions = inputs.batch * inputs.length;
      keysValues = await this.run(plan, lengths, positions, () => encoder!.encode(inputs));
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
      outputs = await this.runStep(plan, inputs, read);
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
    for (const sequence of plan.preempted) this.preempt(sequence);
    const { slab } = this.batch;
    const sequences = [...this.scheduler.running];
    this.rows.add(sequences.length);
    let outputs: StepOutputs;
    try {
      const inputs = this.assemble(() => {
        const longest = sequences.reduce((max, _, row) => Math.max(max, slab.lengthOf(row)), 0);
        slab.reserve(sequences.length, longest + 1);
        return assembleDecode(this.batch, sequences, this.embeddings, this.backend);
      });
      outputs = await this.runStep(plan, inputs, []);
    } catch (error) {
      for (const sequence of sequences) {
        // Its ensemble has left.
        if (sequence.ended) continue;
        this.batch.remove(sequence);
        this.emit(sequence.id, { type: 'error', error: asDomainError(error) });
      }
      return;
    }
    slab.append(outputs.newKeysValues);
    sequences.forEach((sequence, row) => {
      // Its ensemble has left.
      if (sequence.ended) return;
      const prediction = this.predictionOf(sequence, row, outputs);
      if (!isFinitePrediction(prediction)) {
        this.batch.discard(sequence);
        this.emit(sequence.id, { type: 'error', error: notFinite() });
      } else if (this.advance(sequence, prediction)) this.end(sequence);
    });
  }

  /**
   * A sequence has been read up to its next token; then it gets a row. Of an ensemble the last one begins for all.
   * @param prediction null behind an encoder, whose decoder has read nothing yet
   */
  private begin(
    sequence: Sequence,
    prediction: Prediction | null,
    parts: Work['parts'],
    source: KvView | null,
  ): void {
    const { ensemble, request } = sequence;
    // Copies: what others wait for must not lie in the outputs of runs and in caches.
    const own = ensemble === null ? parts : [concatViews(this.backend.kvShape, parts)];
    const member = { sequence, parts: parts.length === 0 ? parts : own, source };
    const starting = ensemble === null ? [member] : ensemble.hold(member);
    if (request.maxTokens === 0) {
      if (starting !== null) this.tell(sequence, [{ type: 'end', reason: 'length' }]);
      return;
    }
    if (prediction !== null && this.advance(sequence, prediction)) return;
    for (const { sequence: started, parts: read, source: encoded } of starting ?? []) {
      this.batch.join(started, read, encoded);
    }
  }

  /** Frees the row of a sequence that has ended, and those of its ensemble. */
  private end(sequence: Sequence): void {
    for (const member of sequence.ensemble?.members ?? [sequence]) {
      this.requests.ended(member, this.batch.viewOf(member));
      this.batch.remove(member);
    }
  }

  /** The row is given up, and the sequence goes on when there is room: what the input cache lost is read anew. */
  private preempt(sequence: Sequence): void {
    // It has left with another of its ensemble.
    if (!this.scheduler.running.includes(sequence)) return;
    this.end(sequence);
    for (const member of sequence.ensemble?.members ?? [sequence]) {
      this.counters.preempted++;
      this.enqueue(this.requests.ofSequence(member, Number.POSITIVE_INFINITY), { first: true });
    }
  }

  /** Gives a sequence its next token, or its ensemble once all have been heard; true when that ended it. */
  private advance(sequence: Sequence, prediction: Prediction): boolean {
    const { ensemble } = sequence;
    const complete = ensemble === null ? prediction : ensemble.predict(prediction);
    if (complete === null) return false;
    this.tell(sequence, (ensemble ?? sequence).accept(complete));
    return sequence.ended;
  }

  /** Tells a request what its sequence said. */
  private tell(sequence: Sequence, events: readonly CoreEvent[]): void {
    for (const event of events) {
      if (event.type === 'token') this.counters.generated++;
      this.emit(sequence.id, event);
    }
    const { ensemble } = sequence;
    if (ensemble !== null && events.at(-1)?.type === 'end') this.ensembles.remove(ensemble);
  }

  /** What a decode step says of a row. */
  private predictionOf(sequence: Sequence, row: number, outputs: StepOutputs): Prediction {
    const { vocabSize, bestCount } = this.backend;
    return sequence.wants(bestCount) === 'best'
      ? { kind: 'best', best: bestOf(outputs, row, bestCount) }
      : { kind: 'logits', logits: rowOf(outputs.logits!, row, vocabSize) };
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

  private runStep(
    plan: Plan<Job, Sequence>,
    inputs: StepInputs,
    read: readonly number[],
  ): Promise<StepOutputs> {
    return this.run(plan, read, inputs.batch * inputs.sequence, () => this.backend.run(inputs));
  }

  /**
   * @param read positions that each item of a reading run reads
   * @param positions of the whole run, padding included
   */
  private async run<T>(
    plan: Plan<Job, Sequence>,
    read: readonly number[],
    positions: number,
    execute: () => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    try {
      return await execute();
    } catch (error) {
      this.reportFailure(error);
      throw error;
    } finally {
      const ms = performance.now() - started;
      this.counters.runMs += ms;
      this.scheduler.postprocess(plan, { ms, read, positions });
    }
  }

  private reportFailure(error: unknown): void {
    this.ports.reportFailure(error instanceof Error ? error : new Error(String(error)));
  }
}
