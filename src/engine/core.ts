import type {
  EngineStats,
  GenerateEvent,
  GenerateRequest,
  PromptHandle,
  ScoreRequest,
} from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { Backend, StepOutputs } from './backend.ts';
import { assembleDecode } from './decoding/assemble.ts';
import { Sequence } from './decoding/sequence.ts';
import { isFiniteView, viewOfOutput } from './kv/kv.ts';
import { PrefixCache, type PrefixEntry } from './kv/prefix-cache.ts';
import { KvSlab } from './kv/slab.ts';
import { assembleStep, chunkLength } from './reading/chunk.ts';
import type { EmbeddingTable } from './reading/embeddings.ts';
import { InputWork, PrefixWork, ScoreWork, type Work } from './reading/work.ts';
import { type Plan, Scheduler } from './scheduling/scheduler.ts';

export interface CoreOptions {
  readonly maxBatchSize: number;
  readonly kvCacheBytes: number;
  readonly prefixCacheBytes: number;
  readonly readBudget: number;
  readonly interleavedReadBudget: number;
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

/** A request that has not been read through the model yet. */
interface Waiting {
  readonly id: number | null;
  readonly needsRow: boolean;
  readonly finalLength: number;
  /** Null while the prefix is missing. */
  work: Work | null;
  readonly ready: boolean;
  readonly remaining: number;
  readonly prefixKey: string | null;
  finish(): void;
  fail(error: DomainError): void;
}

/**
 * The engine without threads: requests in, events out, one forward pass a `step`. The scheduler decides what
 * runs; this class carries it out. All other methods are called between steps, never during one.
 */
export class EngineCore {
  private readonly backend: Backend;
  private readonly embeddings: EmbeddingTable;
  private readonly ports: CorePorts;
  private readonly slab: KvSlab;
  private readonly prefixes: PrefixCache;
  private readonly scheduler: Scheduler<Waiting, Sequence>;
  private readonly kvCacheBytes: number;
  private readonly counters = { steps: 0, stepMs: 0, runMs: 0, generated: 0, prefilled: 0 };

  constructor(backend: Backend, embeddings: EmbeddingTable, options: CoreOptions, ports: CorePorts) {
    this.backend = backend;
    this.embeddings = embeddings;
    this.ports = ports;
    this.kvCacheBytes = options.kvCacheBytes;
    this.slab = new KvSlab(backend.kvShape);
    this.prefixes = new PrefixCache(backend.kvShape, options.prefixCacheBytes);
    this.scheduler = new Scheduler({
      ...options,
      fits: (rows, length) => this.slab.bytesFor(rows, length) <= options.kvCacheBytes,
    });
  }

  generate(id: number, request: GenerateRequest): void {
    const inputLength = (request.prompt?.length ?? 0) + request.inputIds.length;
    this.enqueue(id, request.prompt, {
      needsRow: request.maxTokens > 1,
      finalLength: inputLength + request.maxTokens,
      start: (prefix) => new InputWork(this.backend.kvShape, this.embeddings, request, prefix),
      finish: (work) => this.startSequence(id, request, work),
    });
  }

  score(id: number, request: ScoreRequest): void {
    this.enqueue(id, request.prompt, {
      needsRow: false,
      finalLength: 0,
      start: (prefix) => new ScoreWork(this.backend.kvShape, this.embeddings, request, prefix),
      finish: ({ result }) => {
        const finite = result.every((logprobs) => logprobs.every(Number.isFinite));
        if (finite) this.ports.emit(id, { type: 'scores', logprobs: result });
        else this.ports.emit(id, { type: 'error', error: notFinite() });
      },
    });
  }

  /** Computes a prompt's prefix, unless it is cached. */
  warm(id: number, prompt: PromptHandle): void {
    this.acquirePrefix(prompt.key, (result) => {
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
    const { waiting, running } = this.scheduler;
    const queued = waiting.findIndex((item) => item.id === id);
    if (queued >= 0) {
      const [item] = waiting.splice(queued, 1);
      if (item!.work !== null) this.releasePrefix(item!);
      return;
    }
    const row = running.findIndex((sequence) => sequence.id === id);
    if (row >= 0) this.removeRow(row);
  }

  /** Answers `requestPrompt`. */
  providePrompt(key: string, rows: Float32Array | DomainError): void {
    if (rows instanceof DomainError) {
      this.prefixes.reject(key, rows);
      return;
    }
    const { kvShape, hiddenSize } = this.backend;
    const work = new PrefixWork(kvShape, rows, hiddenSize);
    // In front of everything: requests of arbitrary age may wait for it.
    this.scheduler.waiting.unshift({
      id: null,
      needsRow: false,
      finalLength: 0,
      work,
      ready: true,
      get remaining() {
        return work.remaining;
      },
      prefixKey: null,
      finish: () => {
        const view = work.result;
        if (!isFiniteView(kvShape, view)) this.prefixes.reject(key, notFinite());
        else this.prefixes.resolve({ key, view, lastRow: rows.slice(rows.length - hiddenSize) });
      },
      fail: (error) => this.prefixes.reject(key, error),
    });
  }

  /** Runs one forward pass, if anything can run; returns whether it did. */
  async step(): Promise<boolean> {
    const started = performance.now();
    const plan = this.scheduler.plan();
    if (plan === null) return false;
    if (plan.kind === 'decode') await this.decode();
    else await this.read(plan);
    this.counters.steps++;
    this.counters.stepMs += performance.now() - started;
    return true;
  }

  stats(): EngineStats {
    const { counters } = this;
    const prefixes = this.prefixes.stats();
    return {
      running: this.scheduler.running.length,
      waiting: this.scheduler.waiting.length,
      stepsTotal: counters.steps,
      stepSecondsTotal: counters.stepMs / 1000,
      runSecondsTotal: counters.runMs / 1000,
      generatedTokensTotal: counters.generated,
      prefillTokensTotal: counters.prefilled,
      kvCacheBytes: this.slab.bytes,
      kvCacheCapacityBytes: this.kvCacheBytes,
      prefixEntries: prefixes.entries,
      prefixBytes: prefixes.bytes,
      prefixHitsTotal: prefixes.hits,
      prefixMissesTotal: prefixes.misses,
      prefixEvictionsTotal: prefixes.evictions,
    };
  }

  private enqueue<W extends Work>(
    id: number,
    prompt: PromptHandle | null,
    job: {
      readonly needsRow: boolean;
      readonly finalLength: number;
      start(prefix: PrefixEntry | null): W;
      finish(work: W): void;
    },
  ): void {
    let started: W | null = null;
    const item: Waiting = {
      id,
      needsRow: job.needsRow,
      finalLength: job.finalLength,
      work: null,
      get ready() {
        return this.work !== null;
      },
      get remaining() {
        return this.work?.remaining ?? 0;
      },
      prefixKey: prompt?.key ?? null,
      finish: () => {
        if (started !== null) job.finish(started);
      },
      fail: (error) => this.ports.emit(id, { type: 'error', error }),
    };
    this.scheduler.waiting.push(item);
    const begin = (prefix: PrefixEntry | null): void => {
      started = job.start(prefix);
      item.work = started;
    };
    if (prompt === null) begin(null);
    else {
      this.acquirePrefix(prompt.key, (result) => {
        const queued = this.scheduler.waiting.includes(item);
        if (result instanceof Error) {
          if (queued) this.drop(item, asDomainError(result));
        } else if (queued) begin(result);
        else this.prefixes.release(prompt.key);
      });
    }
  }

  private acquirePrefix(key: string, use: (result: PrefixEntry | Error) => void): void {
    if (this.prefixes.acquire(key, use)) this.ports.requestPrompt(key);
  }

  private releasePrefix(item: Waiting): void {
    if (item.prefixKey !== null) this.prefixes.release(item.prefixKey);
  }

  private drop(item: Waiting, error: DomainError): void {
    const { waiting } = this.scheduler;
    const at = waiting.indexOf(item);
    if (at >= 0) waiting.splice(at, 1);
    item.fail(error);
  }

  private async read(plan: Plan<Waiting> & { kind: 'read' }): Promise<void> {
    const jobs = plan.items.map((item) => ({ item, chunk: item.work!.nextChunk(plan.budget) }));
    let outputs: StepOutputs;
    const inputs = assembleStep(
      jobs.map((job) => job.chunk),
      this.backend,
    );
    try {
      outputs = await this.run(() => this.backend.run(inputs));
    } catch (error) {
      for (const { item } of jobs) {
        this.releasePrefix(item);
        this.drop(item, asDomainError(error));
      }
      return;
    }
    let logitRow = 0;
    jobs.forEach(({ item, chunk }, row) => {
      const firstLogits = logitRow;
      logitRow += chunk.logitRows.length;
      // It may have been aborted while the run was under way.
      if (!this.scheduler.waiting.includes(item)) return;
      const view = viewOfOutput(outputs.newKeysValues, this.backend.kvShape, {
        batch: inputs.batch,
        sequence: inputs.sequence,
        row,
        length: chunkLength(chunk),
      });
      this.counters.prefilled += chunkLength(chunk);
      item.work!.accept(chunk, (i) => this.logitsOf(outputs, firstLogits + i), view);
      if (item.work!.remaining > 0) return;
      this.scheduler.waiting.splice(this.scheduler.waiting.indexOf(item), 1);
      item.finish();
      this.releasePrefix(item);
    });
  }

  private startSequence(id: number, request: GenerateRequest, work: InputWork): void {
    if (!isFiniteRow(work.result!.logits)) {
      this.ports.emit(id, { type: 'error', error: notFinite() });
      return;
    }
    if (request.inputLogprobs) this.ports.emit(id, { type: 'input', logprobs: work.inputDetails });
    if (request.maxTokens === 0) {
      this.ports.emit(id, { type: 'end', reason: 'length' });
      return;
    }
    const sequence = new Sequence(id, request);
    const { logits, parts } = work.result!;
    if (this.advance(sequence, logits)) return;
    this.slab.addRow(parts);
    this.scheduler.running.push(sequence);
  }

  private async decode(): Promise<void> {
    const { running } = this.scheduler;
    const { slab } = this;
    const longest = running.reduce((max, _, row) => Math.max(max, slab.lengthOf(row)), 0);
    slab.reserve(running.length, longest + 1);
    const batch = [...running];
    const inputs = assembleDecode(
      slab,
      batch.map((sequence) => sequence.lastToken),
      this.embeddings,
      this.backend,
    );
    let outputs: StepOutputs;
    try {
      outputs = await this.run(() => this.backend.run(inputs));
    } catch (error) {
      for (let row = batch.length - 1; row >= 0; row--) {
        this.removeRow(row);
        this.ports.emit(batch[row]!.id, { type: 'error', error: asDomainError(error) });
      }
      return;
    }
    slab.append(outputs.newKeysValues);
    // From the last row down: a removal moves the last row, which then has had its token already.
    for (let row = batch.length - 1; row >= 0; row--) {
      const logits = this.logitsOf(outputs, row);
      if (!isFiniteRow(logits)) {
        this.ports.emit(batch[row]!.id, { type: 'error', error: notFinite() });
        slab.clearRow(row);
        this.removeRow(row);
      } else if (this.advance(batch[row]!, logits)) this.removeRow(row);
    }
  }

  /** Gives a sequence its next token; true when that ended it. */
  private advance(sequence: Sequence, logits: Float32Array): boolean {
    for (const event of sequence.accept(logits)) {
      if (event.type === 'token') this.counters.generated++;
      this.ports.emit(sequence.id, event);
    }
    return sequence.ended;
  }

  private removeRow(row: number): void {
    const { running } = this.scheduler;
    const moved = this.slab.removeRow(row);
    const last = running.pop()!;
    if (moved !== null) running[row] = last;
  }

  private logitsOf(outputs: StepOutputs, row: number): Float32Array {
    const { vocabSize } = this.backend;
    return outputs.logits.subarray(row * vocabSize, (row + 1) * vocabSize);
  }

  private async run(start: () => Promise<StepOutputs>): Promise<StepOutputs> {
    const started = performance.now();
    try {
      return await start();
    } catch (error) {
      this.ports.reportFailure(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      this.counters.runMs += performance.now() - started;
    }
  }
}

/** A number that is not finite anywhere in a row's keys, values or activations makes all of its logits NaN. */
function isFiniteRow(logits: Float32Array): boolean {
  return Number.isFinite(logits[0]);
}

function notFinite(): DomainError {
  return new DomainError(
    'unprocessable',
    'not_finite',
    'With this prompt and input the model computes numbers that are not finite.',
    { param: 'prompt_embeddings' },
  );
}

function asDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('internal', 'engine_failure', 'The engine could not run the model.', {
    cause: error,
  });
}
