import type {
  EngineStats,
  GenerateEvent,
  GenerateRequest,
  Priority,
  PromptHandle,
  ScoreRequest,
  Turn,
} from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { Backend, StepInputs, StepOutputs } from './backend.ts';
import { assembleDecode } from './decoding/assemble.ts';
import { DecodeBatch } from './decoding/batch.ts';
import { Sequence } from './decoding/sequence.ts';
import { Job, type JobOptions } from './job.ts';
import { InputCache } from './kv/input-cache.ts';
import { isFiniteView, viewOfOutput } from './kv/kv.ts';
import { PrefixCache, type PrefixEntry } from './kv/prefix-cache.ts';
import { assembleStep, chunkLength } from './reading/chunk.ts';
import type { EmbeddingTable } from './reading/embeddings.ts';
import { InputWork } from './reading/input-work.ts';
import { PrefixWork } from './reading/prefix-work.ts';
import { ScoreWork } from './reading/score-work.ts';
import { type Head, headOf, type Work } from './reading/work.ts';
import { asDomainError, notFinite, waitedTooLong } from './refusals.ts';
import { type Plan, Scheduler, type SchedulerLimits } from './scheduling/scheduler.ts';

export interface CoreOptions extends Omit<SchedulerLimits, 'fits'> {
  readonly kvCacheBytes: number;
  readonly prefixCacheBytes: number;
  readonly inputCacheBytes: number;
  /** How long a request may wait for its first run. */
  readonly queueTimeoutMs: number;
}

/** What a request is told. After `end`, `scores`, `warmed` or `error` nothing more comes. */
export type CoreEvent =
  | GenerateEvent
  | { readonly type: 'scores'; readonly logprobs: readonly Float64Array[] }
  | { readonly type: 'warmed' }
  | { readonly type: 'error'; readonly error: DomainError };

export interface CorePorts {
  emit(id: number, event: CoreEvent): void;
  /** Asks for the rows of a prompt; the answer comes through {@link EngineCore.providePrompt}. */
  requestPrompt(key: string): void;
  /** A run failed; called once a run, before its requests are told. */
  reportFailure(error: Error): void;
}

type ReadPlan = Extract<Plan<Job, Sequence>, { kind: 'read' }>;
type DecodePlan = Extract<Plan<Job, Sequence>, { kind: 'decode' }>;

/** Where an input's keys and values belong in the cache. */
interface CachedInput {
  readonly promptKey: string | null;
  readonly ids: readonly number[];
  /** Virtual tokens in front of it. */
  readonly offset: number;
}

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
  private readonly prefixes: PrefixCache;
  private readonly inputs: InputCache;
  private readonly scheduler: Scheduler<Job, Sequence>;
  /** Waiting requests by id. */
  private readonly jobs = new Map<number, Job>();
  /** Prompts whose rows were asked for, and whose turn they use up: that of the request that missed first. */
  private readonly wanted = new Map<string, Turn>();
  private readonly counters = { steps: 0, stepMs: 0, runMs: 0, generated: 0, prefilled: 0, preempted: 0 };

  constructor(backend: Backend, embeddings: EmbeddingTable, options: CoreOptions, ports: CorePorts) {
    this.backend = backend;
    this.embeddings = embeddings;
    this.options = options;
    this.ports = ports;
    this.prefixes = new PrefixCache(backend.kvShape, options.prefixCacheBytes);
    this.inputs = new InputCache(backend.kvShape, options.inputCacheBytes);
    this.scheduler = new Scheduler({
      ...options,
      fits: (rows, length) => this.batch.slab.bytesFor(rows, length) <= options.kvCacheBytes,
    });
    this.batch = new DecodeBatch(backend.kvShape, this.scheduler.running);
  }

  generate(id: number, request: GenerateRequest): void {
    this.readInput(new Sequence(id, request), this.deadline());
  }

  score(id: number, request: ScoreRequest): void {
    const { prompt, inputIds } = request;
    const input = { promptKey: prompt?.key ?? null, ids: inputIds, offset: prompt?.length ?? 0 };
    const lengths = request.continuations.map((ids) => ids.length - 1);
    this.enqueue(prompt, {
      job: { ...request, id, needsRow: false, rowLength: 0, finalLength: 0, deadline: this.deadline() },
      expected: inputIds.length + lengths.reduce((sum, length) => sum + length, 0),
      start: (prefix) =>
        new ScoreWork(this.backend.kvShape, this.embeddings, request, this.headOf(prefix, input)),
      finish: ({ result, parts }) => {
        if (!result.every((logprobs) => logprobs.every(Number.isFinite))) {
          this.ports.emit(id, { type: 'error', error: notFinite() });
          return;
        }
        this.remember(input, parts);
        this.ports.emit(id, { type: 'scores', logprobs: result });
      },
    });
  }

  /** Computes a prompt's prefix, unless it is cached. */
  warm(id: number, prompt: PromptHandle, priority: Priority): void {
    this.acquirePrefix(prompt.key, { priority, flow: 'warm' }, (result) => {
      if (result instanceof Error) {
        this.ports.emit(id, { type: 'error', error: asDomainError(result) });
        return;
      }
      this.prefixes.release(prompt.key);
      this.ports.emit(id, { type: 'warmed' });
    });
  }

  /** Forgets a request: its row is free before the next step, and no further event comes. */
  abort(id: number): void {
    const job = this.jobs.get(id);
    if (job !== undefined) this.leave(job);
    else {
      const sequence = this.scheduler.running.find((running) => running.id === id);
      if (sequence !== undefined) this.batch.remove(sequence);
    }
  }

  /** Answers `requestPrompt`. */
  providePrompt(key: string, rows: Float32Array | DomainError): void {
    const turn = this.wanted.get(key);
    if (turn === undefined) return;
    this.wanted.delete(key);
    if (rows instanceof DomainError) {
      this.prefixes.reject(key, rows);
      return;
    }
    const { kvShape, hiddenSize } = this.backend;
    const work = new PrefixWork(kvShape, rows, hiddenSize);
    const job = new Job({
      ...turn,
      id: null,
      needsRow: false,
      rowLength: 0,
      finalLength: 0,
      expected: work.remaining,
      prefixKey: null,
      deadline: Number.POSITIVE_INFINITY,
      finish: () => {
        const view = work.result;
        if (!isFiniteView(kvShape, view)) this.prefixes.reject(key, notFinite());
        else this.prefixes.resolve({ key, view, lastRow: rows.slice(rows.length - hiddenSize) });
      },
      fail: (error) => this.prefixes.reject(key, error),
    });
    job.work = work;
    // In front of its flow: any number of requests wait for it.
    this.scheduler.waiting.addFirst(job);
  }

  /** Runs one forward pass, if anything can run; returns whether it did. */
  async step(): Promise<boolean> {
    const started = performance.now();
    this.batch.settle();
    for (const job of this.scheduler.expired(started)) this.fail(job, waitedTooLong());
    const plan = this.scheduler.schedule();
    if (plan === null) return false;
    if (plan.kind === 'decode') await this.decode(plan);
    else await this.read(plan);
    this.counters.steps++;
    this.counters.stepMs += performance.now() - started;
    return true;
  }

  stats(): EngineStats {
    const { counters } = this;
    const prefixes = this.prefixes.stats();
    const inputs = this.inputs.stats();
    return {
      running: this.scheduler.running.length,
      waiting: this.scheduler.waiting.size,
      stepsTotal: counters.steps,
      stepSecondsTotal: counters.stepMs / 1000,
      runSecondsTotal: counters.runMs / 1000,
      generatedTokensTotal: counters.generated,
      prefillTokensTotal: counters.prefilled,
      preemptionsTotal: counters.preempted,
      kvCacheBytes: this.batch.slab.bytes,
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

  /** Reads a sequence from its beginning: a new one, or one that lost its row and goes on where it was. */
  private readInput(sequence: Sequence, deadline: number): void {
    const { id, request, output } = sequence;
    const { prompt, inputIds } = request;
    const input = {
      promptKey: prompt?.key ?? null,
      ids: [...inputIds, ...output],
      offset: prompt?.length ?? 0,
    };
    const fresh = output.length === 0;
    const topLogprobs = fresh && request.inputLogprobs ? (request.topLogprobs ?? 0) : null;
    const rowLength = input.offset + input.ids.length;
    this.enqueue(prompt, {
      job: {
        ...request,
        id,
        needsRow: request.maxTokens > 1,
        rowLength,
        finalLength: sequence.finalLength,
        deadline,
      },
      expected: input.ids.length,
      first: !fresh,
      start: (prefix) => {
        const head = this.headOf(prefix, input, topLogprobs !== null);
        return new InputWork(this.backend.kvShape, this.embeddings, { ids: input.ids, topLogprobs }, head);
      },
      finish: (work) => {
        if (!isFiniteRow(work.result)) {
          this.ports.emit(id, { type: 'error', error: notFinite() });
          return;
        }
        this.remember(input, work.parts);
        if (fresh && request.inputLogprobs) {
          this.ports.emit(id, { type: 'input', logprobs: work.inputDetails });
        }
        if (request.maxTokens === 0) this.ports.emit(id, { type: 'end', reason: 'length' });
        else if (!this.advance(sequence, work.result)) this.batch.join(sequence, work.parts);
      },
    });
  }

  private deadline(): number {
    return performance.now() + this.options.queueTimeoutMs;
  }

  private headOf(prefix: PrefixEntry | null, { promptKey, ids }: CachedInput, whole = false): Head {
    const blocks = whole ? [] : this.inputs.match(promptKey, ids);
    return headOf(prefix, blocks, whole || ids.length === 0);
  }

  private remember({ promptKey, ids, offset }: CachedInput, parts: Work['parts']): void {
    this.inputs.insert(promptKey, ids, parts, offset);
  }

  private enqueue<W extends Work>(
    prompt: PromptHandle | null,
    task: {
      readonly job: Omit<JobOptions, 'prefixKey' | 'expected' | 'finish' | 'fail'> & { readonly id: number };
      readonly expected: number;
      /** In front of what its flow has waiting. */
      readonly first?: boolean;
      start(prefix: PrefixEntry | null): W;
      finish(work: W): void;
    },
  ): void {
    const { id, priority, flow } = task.job;
    let started: W | null = null;
    const job = new Job({
      ...task.job,
      expected: task.expected,
      prefixKey: prompt?.key ?? null,
      finish: () => {
        if (started !== null) task.finish(started);
      },
      fail: (error) => this.ports.emit(id, { type: 'error', error }),
    });
    this.jobs.set(id, job);
    if (task.first === true) this.scheduler.waiting.addFirst(job);
    else this.scheduler.waiting.add(job);
    const begin = (prefix: PrefixEntry | null): void => {
      started = task.start(prefix);
      job.work = started;
    };
    if (prompt === null) begin(null);
    else {
      this.acquirePrefix(prompt.key, { priority, flow }, (result) => {
        const queued = this.jobs.get(id) === job;
        if (result instanceof Error) {
          if (queued) this.fail(job, asDomainError(result));
        } else if (queued) begin(result);
        else this.prefixes.release(prompt.key);
      });
    }
  }

  private acquirePrefix(key: string, turn: Turn, use: (result: PrefixEntry | Error) => void): void {
    if (!this.prefixes.acquire(key, use)) return;
    this.wanted.set(key, turn);
    this.ports.requestPrompt(key);
  }

  /** Takes a job out of the queue with all that it holds; returns whether it was there. */
  private leave(job: Job): boolean {
    const { id, prefixKey } = job.options;
    if (!this.scheduler.remove(job)) return false;
    if (id !== null) this.jobs.delete(id);
    // Without work it holds no pin yet: the prefix's callback gives that back.
    if (prefixKey !== null && job.work !== null) this.prefixes.release(prefixKey);
    return true;
  }

  private fail(job: Job, error: DomainError): void {
    if (this.leave(job)) job.options.fail(error);
  }

  private async read(plan: ReadPlan): Promise<void> {
    const chunks = plan.items.map((job) => job.work!.nextChunk(plan.budget));
    const inputs = assembleStep(chunks, this.backend);
    let outputs: StepOutputs;
    try {
      outputs = await this.run(plan, inputs, chunks.map(chunkLength));
    } catch (error) {
      for (const job of plan.items) this.fail(job, asDomainError(error));
      return;
    }
    let logitRow = 0;
    plan.items.forEach((job, row) => {
      const chunk = chunks[row]!;
      const firstLogits = logitRow;
      logitRow += chunk.logitRows.length;
      const length = chunkLength(chunk);
      const { batch, sequence } = inputs;
      const view = viewOfOutput(outputs.newKeysValues, this.backend.kvShape, {
        batch,
        sequence,
        row,
        length,
      });
      this.counters.prefilled += length;
      job.work!.accept(chunk, (i) => this.logitsOf(outputs, firstLogits + i), view);
      if (job.work!.remaining > 0) return;
      // Before `finish`, which may queue the same request again.
      this.leave(job);
      job.options.finish();
    });
  }

  private async decode(plan: DecodePlan): Promise<void> {
    for (const sequence of plan.preempted) this.preempt(sequence);
    const { slab } = this.batch;
    const sequences = [...this.scheduler.running];
    const longest = sequences.reduce((max, _, row) => Math.max(max, slab.lengthOf(row)), 0);
    slab.reserve(sequences.length, longest + 1);
    const lastTokens = sequences.map((sequence) => sequence.lastToken);
    const inputs = assembleDecode(slab, lastTokens, this.embeddings, this.backend);
    let outputs: StepOutputs;
    try {
      outputs = await this.run(plan, inputs, []);
    } catch (error) {
      for (const sequence of sequences) {
        this.batch.remove(sequence);
        this.ports.emit(sequence.id, { type: 'error', error: asDomainError(error) });
      }
      return;
    }
    slab.append(outputs.newKeysValues);
    sequences.forEach((sequence, row) => {
      const logits = this.logitsOf(outputs, row);
      if (!isFiniteRow(logits)) {
        this.ports.emit(sequence.id, { type: 'error', error: notFinite() });
        this.batch.discard(sequence);
      } else if (this.advance(sequence, logits)) this.end(sequence);
    });
  }

  /** Frees the row of a sequence that has ended; a chat is likely to come back with what it said. */
  private end(sequence: Sequence): void {
    const { prompt, inputIds } = sequence.request;
    const input = {
      promptKey: prompt?.key ?? null,
      ids: [...inputIds, ...sequence.output.slice(0, -1)],
      offset: prompt?.length ?? 0,
    };
    this.remember(input, [this.batch.viewOf(sequence)]);
    this.batch.remove(sequence);
  }

  /** Memory is short: the row is given up, and the sequence is read anew when there is room. */
  private preempt(sequence: Sequence): void {
    this.counters.preempted++;
    this.batch.remove(sequence);
    this.readInput(sequence, Number.POSITIVE_INFINITY);
  }

  /** Gives a sequence its next token; true when that ended it. */
  private advance(sequence: Sequence, logits: Float32Array): boolean {
    for (const event of sequence.accept(logits)) {
      if (event.type === 'token') this.counters.generated++;
      this.ports.emit(sequence.id, event);
    }
    return sequence.ended;
  }

  private logitsOf(outputs: StepOutputs, row: number): Float32Array {
    const { vocabSize } = this.backend;
    return outputs.logits.subarray(row * vocabSize, (row + 1) * vocabSize);
  }

  /** @param read positions that each item of a reading run reads */
  private async run(
    plan: Plan<Job, Sequence>,
    inputs: StepInputs,
    read: readonly number[],
  ): Promise<StepOutputs> {
    const started = performance.now();
    try {
      return await this.backend.run(inputs);
    } catch (error) {
      this.ports.reportFailure(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      const ms = performance.now() - started;
      this.counters.runMs += ms;
      this.scheduler.postprocess(plan, { ms, read, positions: inputs.batch * inputs.sequence });
    }
  }
}

/** A number that is not finite anywhere in a row's keys, values or activations makes all of its logits NaN. */
function isFiniteRow(logits: Float32Array): boolean {
  return Number.isFinite(logits[0]);
}
