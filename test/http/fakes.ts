import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, EngineStats } from '../../src/domain/engine.ts';
import { DomainError } from '../../src/domain/errors.ts';
import type {
  ChatRequest,
  ClassifyRequest,
  CompletionRequest,
  Generation,
  Inference,
  InferenceEvent,
  OutputToken,
  ScoreTextsRequest,
  TokenText,
} from '../../src/domain/inference.ts';
import type { PromptVersion } from '../../src/domain/prompt.ts';
import type { PromptPublisher, PromptUpload } from '../../src/domain/publishing.ts';
import {
  assertServingPlan,
  encodePlan,
  leadingVersion,
  nothingToRollBack,
  plannedVersions,
  type ServingPlan,
  singleVersion,
} from '../../src/domain/serving.ts';
import type { Page, StoreStats, TaskName, TaskStore } from '../../src/domain/store.ts';
import type { Task, TaskMetadata } from '../../src/domain/task.ts';

export const BASE_MODEL = 'base-model';
export const MODEL_HASH = 'a'.repeat(64);
export const TOKEN_DIM = 4;

const STATS: EngineStats = {
  running: 1,
  waiting: 2,
  queueWaitSeconds: { bounds: [0.1, 1], counts: [3, 2, 1], sum: 4.5 },
  decodeRows: { bounds: [1, 2], counts: [10, 5, 0], sum: 20 },
  stepsTotal: 30,
  stepSecondsTotal: 4.5,
  runSecondsTotal: 4.25,
  generatedTokensTotal: 60,
  prefillTokensTotal: 700,
  preemptionsTotal: 6,
  kvCacheBytes: 8000,
  kvCacheCapacityBytes: 90_000,
  prefixEntries: 3,
  prefixBytes: 1200,
  prefixHitsTotal: 14,
  prefixMissesTotal: 5,
  prefixEvictionsTotal: 1,
  inputCacheBytes: 2400,
  inputCacheHitTokensTotal: 32,
  inputCacheEvictionsTotal: 2,
  restartsTotal: 1,
};

/** An engine that only describes itself: the HTTP layer never generates with it directly. */
export class FakeEngine implements Engine {
  readonly model = {
    id: BASE_MODEL,
    hash: MODEL_HASH,
    family: 'llama',
    kind: 'decoder' as const,
    precision: 'float32' as const,
    tokenDim: TOKEN_DIM,
    numLayers: 2,
    numAttentionHeads: 2,
    numKeyValueHeads: 1,
    headDim: 2,
    vocabSize: 256,
    contextLength: 64,
    aliases: ['someone/base-model'],
    createdAt: 1_700_000_000,
  };
  readonly limits = {
    contextLength: 64,
    outputLength: null,
    maxBatchSize: 4,
    maxQueueLength: 8,
    maxSequencesPerFlow: 8,
    kvPositions: null,
  };
  down = false;

  generate(): never {
    throw new Error('not part of this fake');
  }
  score(): never {
    throw new Error('not part of this fake');
  }
  hiddenState(): never {
    throw new Error('not part of this fake');
  }
  assertTurn(): void {}
  async warm(): Promise<void> {}
  async stats(): Promise<EngineStats> {
    if (this.down) throw new Error('the worker is gone');
    return STATS;
  }
  async close(): Promise<void> {}
}

/** What the fake inference emits for one choice: pieces of text, each one token. */
const PIECES = [' one', ' two', ' 😀'];
/** A token that is a part of a character. */
const PART = 200;

/**
 * Answers every prompt with {@link PIECES}. A test can make it fail before or during the output, slow it down,
 * make it endless, and see what it was asked.
 */
export class FakeInference implements Inference {
  readonly requests: (CompletionRequest | ChatRequest | ClassifyRequest)[] = [];
  readonly signals: AbortSignal[] = [];
  /** Thrown when a request is admitted. */
  refusal: unknown = null;
  /** Thrown before one is looked at. */
  busy: unknown = null;
  /** Thrown by the events after this many of them. */
  failure: { readonly after: number; readonly error: unknown } | null = null;
  /** Emits this piece until the signal aborts. */
  endless: string | null = null;
  /** Time that passes before the first piece. */
  delayMs = 0;
  emitted = 0;
  /** What answers a task; told before anything is refused. */
  servedBy = (task: string): string => (task === BASE_MODEL ? BASE_MODEL : `${task}@1`);
  /** Resolves when an endless generation has ended. */
  readonly stopped: Promise<void>;
  #stop: () => void = () => undefined;

  constructor() {
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  assertTurn(): void {
    if (this.busy !== null) throw this.busy;
  }

  async complete(request: CompletionRequest, signal: AbortSignal): Promise<Generation> {
    this.#note(request);
    return this.#generate(request, request.prompts.length * (request.n ?? 1), signal);
  }

  async chat(request: ChatRequest, signal: AbortSignal): Promise<Generation> {
    this.#note(request);
    return this.#generate(request, request.n ?? 1, signal);
  }

  #generate(request: CompletionRequest | ChatRequest, choices: number, signal: AbortSignal): Generation {
    this.signals.push(signal);
    const servedBy = this.#tell(request.model, request);
    if (this.refusal) throw this.refusal;
    const completion = { tokens: 0 };
    return {
      servedBy,
      choices,
      events: this.#events(choices, request.logprobs, signal, completion),
      usage: () => ({ promptTokens: 5, virtualTokens: 2, completionTokens: completion.tokens }),
    };
  }

  /** Functions are no part of what a client asked. */
  #note({ onServed: _, afterAnswer: __, ...request }: (typeof this.requests)[number]): void {
    this.requests.push(request);
  }

  #tell(task: string, { onServed }: Pick<CompletionRequest, 'onServed'>): string {
    const servedBy = this.servedBy(task);
    onServed?.(servedBy);
    return servedBy;
  }

  async *#events(
    choices: number,
    logprobs: number | null,
    signal: AbortSignal,
    completion: { tokens: number },
  ): AsyncGenerator<readonly InferenceEvent[]> {
    let count = 0;
    const checkFailure = (): void => {
      if (this.failure && count >= this.failure.after) throw this.failure.error;
      count += 1;
    };
    if (this.endless !== null) {
      try {
        while (!signal.aborted) {
          this.emitted += 1;
          yield [
            { type: 'delta', choice: 0, text: this.endless, tokens: [{ id: 1, text: '', detail: null }] },
          ];
          await new Promise((resolve) => setImmediate(resolve));
        }
        signal.throwIfAborted();
        return;
      } finally {
        this.#stop();
      }
    }
    if (this.delayMs > 0) await sleep(this.delayMs);
    for (const [id, text] of PIECES.entries()) {
      for (let choice = 0; choice < choices; choice += 1) {
        checkFailure();
        completion.tokens += 1;
        yield [{ type: 'delta', choice, text, tokens: [outputToken(id, text, logprobs)] }];
      }
    }
    for (let choice = 0; choice < choices; choice += 1) {
      checkFailure();
      yield [{ type: 'finish', choice, reason: 'stop' }];
    }
  }

  async classify(request: ClassifyRequest, signal: AbortSignal) {
    this.#note(request);
    this.signals.push(signal);
    const servedBy = this.#tell(request.task, request);
    if (this.refusal) throw this.refusal;
    const labels = request.labels ?? ['a', 'b'];
    const probabilities = Object.fromEntries(labels.map((label) => [label, 1 / labels.length]));
    return {
      results: request.inputs.map(() => ({
        label: labels[0] ?? '',
        probabilities,
        logliks: labels.map(() => -1.5),
        vote: (request.versions?.length ?? 1) > 1 ? { votes: { [labels[0] ?? '']: 2 }, agreement: 1 } : null,
      })),
      servedBy,
      usage: { promptTokens: 7, virtualTokens: 2, completionTokens: labels.length },
    };
  }

  async score(request: ScoreTextsRequest) {
    const servedBy = this.#tell(request.task, request);
    if (this.refusal) throw this.refusal;
    return {
      results: request.inputs.map(({ target }) => ({ loglik: -1.5, tokens: target.length })),
      servedBy,
      usage: { promptTokens: 7, virtualTokens: 2, completionTokens: 3 },
    };
  }

  /** One id a UTF-8 byte; special tokens are one 1 in front. */
  async tokenize(text: string, addSpecialTokens: boolean) {
    const bytes = [...Buffer.from(text)];
    const ids = addSpecialTokens ? [1, ...bytes] : bytes;
    return { ids, tokens: ids.map((id) => `<${id}>`) };
  }

  shadowCounts() {
    return { same: 3, different: 1, failed: 0, skipped: 0 };
  }

  /** Its pieces by their index, and part of a character. */
  token(id: number): TokenText {
    const bytes = id === PART ? [0xf0, 0x9f] : [...Buffer.from(PIECES[id] ?? '')];
    return { text: PIECES[id] ?? '', bytes };
  }

  async detokenize(ids: readonly number[]): Promise<string> {
    if (ids.some((id) => id > 255)) throw new DomainError('invalid', 'token_out_of_range', 'No such token.');
    return Buffer.from(ids).toString();
  }
}

function outputToken(id: number, text: string, alternatives: number | null): OutputToken {
  const top = [
    { id, logprob: -0.25 },
    { id: PART, logprob: -2 },
  ];
  const detail = alternatives === null ? null : { logprob: -0.25, top: top.slice(0, alternatives) };
  return { id, text, detail };
}

/** Tasks and versions in maps, with the rules of the port. */
export class FakeStore implements TaskStore {
  readonly tasks = new Map<string, Task>();
  readonly versions: PromptVersion[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly previous = new Map<string, ServingPlan[]>();

  getTask(name: string): Task | null {
    return this.tasks.get(name) ?? null;
  }
  #behind(after: string): Task[] {
    return [...this.tasks.values()]
      .filter(({ name }) => name > after)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  listTasks({ limit, after = '' }: { limit: number; after?: string }): Page<Task> {
    const rest = this.#behind(after);
    const items = rest.slice(0, limit);
    return { items, next: rest.length > limit ? (items.at(-1)?.name ?? null) : null };
  }
  listTaskNames(after: string, limit: number): readonly TaskName[] {
    return this.#behind(after)
      .slice(0, limit)
      .map(({ name, createdAt }) => ({ name, createdAt }));
  }
  countTasks(): number {
    return this.tasks.size;
  }
  getVersion(task: string, version: number): PromptVersion | null {
    return this.versions.find((v) => v.task === task && v.version === version) ?? null;
  }
  listVersions(task: string, { limit, after }: { limit: number; after?: string }): Page<PromptVersion> {
    const rest = this.versions
      .filter((v) => v.task === task && (after === undefined || v.version < Number(after)))
      .sort((a, b) => b.version - a.version);
    const items = rest.slice(0, limit);
    return { items, next: rest.length > limit ? String(items.at(-1)?.version) : null };
  }
  findByContent(sha256: string): PromptVersion | null {
    return this.versions.find((v) => v.sha256 === sha256) ?? null;
  }
  recentTasks(limit: number): readonly Task[] {
    return [...this.tasks.values()].filter((task) => task.activeVersion !== null).slice(0, limit);
  }
  async recordUses(): Promise<void> {}
  readFile(sha256: string): Uint8Array | null {
    return this.files.get(sha256) ?? null;
  }
  async putTask(name: string, metadata: TaskMetadata) {
    const old = this.tasks.get(name);
    const now = 1_700_000_000_000;
    const task = {
      name,
      ...metadata,
      activeVersion: old?.activeVersion ?? null,
      serving: old?.serving ?? null,
      createdAt: now,
      updatedAt: now,
    };
    this.tasks.set(name, task);
    return { task, created: old === undefined };
  }
  async deleteTask(name: string): Promise<void> {
    if (!this.tasks.delete(name))
      throw new DomainError('not_found', 'task_not_found', 'There is no such task.');
  }
  addVersion(): never {
    throw new Error('not part of this fake: versions come from the fake publisher');
  }
  earlierVersion(): null {
    return null;
  }
  async activate(name: string, version: number, ifMatch?: string): Promise<Task> {
    const task = this.tasks.get(name);
    if (!task || !this.getVersion(name, version)) {
      throw new DomainError('not_found', 'version_not_found', 'There is no such version.');
    }
    const active = task.activeVersion === null ? null : this.getVersion(name, task.activeVersion);
    if (ifMatch !== undefined && active?.sha256 !== ifMatch) {
      throw new DomainError('precondition_failed', 'active_version_changed', 'Another version is active.');
    }
    return this.#set(task, singleVersion(version));
  }
  #set(task: Task, serving: ServingPlan): Task {
    if (task.serving !== null && encodePlan(task.serving) !== encodePlan(serving)) {
      this.previous.set(task.name, [...(this.previous.get(task.name) ?? []), task.serving]);
    }
    const changed = { ...task, serving, activeVersion: leadingVersion(serving) };
    this.tasks.set(task.name, changed);
    return changed;
  }
  async serve(name: string, plan: ServingPlan, seen?: ServingPlan | null): Promise<Task> {
    const task = this.tasks.get(name);
    const missing = plannedVersions(plan).find((version) => this.getVersion(name, version) === null);
    if (!task || missing !== undefined) {
      throw new DomainError('not_found', 'version_not_found', 'There is no such version.');
    }
    this.#assertSeen(task, seen);
    return this.#set(task, plan);
  }
  #assertSeen({ serving }: Task, seen: ServingPlan | null | undefined): void {
    if (seen === undefined || (serving && encodePlan(serving)) === (seen && encodePlan(seen))) return;
    throw new DomainError('precondition_failed', 'serving_changed', 'The task serves with something else.');
  }
  previousPlan(name: string): ServingPlan | null {
    return this.previous.get(name)?.at(-1) ?? null;
  }
  async rollBack(name: string, seen?: ServingPlan): Promise<Task> {
    this.#assertSeen(this.tasks.get(name)!, seen);
    const serving = this.previous.get(name)!.pop()!;
    const changed = { ...this.tasks.get(name)!, serving, activeVersion: leadingVersion(serving) };
    this.tasks.set(name, changed);
    return changed;
  }
  async deleteVersion(task: string, version: number): Promise<void> {
    const found = this.getVersion(task, version);
    if (!found) throw new DomainError('not_found', 'version_not_found', 'There is no such version.');
    if (this.tasks.get(task)?.activeVersion === version) {
      throw new DomainError('conflict', 'version_active', 'The version is active.');
    }
    this.versions.splice(this.versions.indexOf(found), 1);
  }
  stats(): StoreStats {
    const writeSeconds = { bounds: [0.01, 0.1], counts: [4, 1, 0], sum: 0.07 };
    return {
      pendingWrites: 1,
      pendingBytes: 100,
      writeSeconds,
      databaseBytes: 4096,
      walBytes: 512,
      shared: null,
    };
  }
  async close(): Promise<void> {}
}

/** Stores any bytes as a prompt of two rows. */
export class FakePublisher implements PromptPublisher {
  readonly uploads: PromptUpload[] = [];
  readonly #store: FakeStore;
  refusal: unknown = null;
  warnings: string[] = [];
  /** A publication waits for it. */
  gate: Promise<void> = Promise.resolve();

  constructor(store: FakeStore) {
    this.#store = store;
  }

  async publish(name: string, upload: PromptUpload, { activate }: { activate: boolean }) {
    await this.gate;
    if (this.refusal) throw this.refusal;
    this.uploads.push(upload);
    const store = this.#store;
    const sha256 = createHash('sha256').update(upload.model).digest('hex');
    if (!store.getTask(name)) {
      await store.putTask(name, { description: null, template: null, labels: null, defaults: null });
    }
    const existing = store.versions.find((v) => v.task === name && v.sha256 === sha256);
    const version = existing ?? newVersion(name, store, sha256, upload.model.byteLength);
    if (!existing) store.versions.push(version);
    store.files.set(sha256, upload.model);
    if (activate) await store.activate(name, version.version);
    const activeVersion = store.getTask(name)?.activeVersion ?? null;
    return { version, created: existing === undefined, activeVersion, warnings: this.warnings };
  }

  activate(task: string, version: number, ifMatch?: string): Promise<Task> {
    return this.#store.activate(task, version, ifMatch);
  }

  async serve(task: string, plan: ServingPlan, seen?: ServingPlan | null): Promise<Task> {
    assertServingPlan(plan);
    return this.#store.serve(task, plan, seen);
  }

  async rollBack(task: string, seen?: ServingPlan): Promise<Task> {
    if (this.#store.previousPlan(task) === null) throw nothingToRollBack(task);
    return this.#store.rollBack(task, seen);
  }
}

function newVersion(task: string, store: FakeStore, sha256: string, bytes: number): PromptVersion {
  const numbers = store.versions.filter((v) => v.task === task).map((v) => v.version);
  return {
    task,
    version: Math.max(0, ...numbers) + 1,
    sha256,
    peftType: 'PROMPT_TUNING',
    numVirtualTokens: 2,
    tokenDim: TOKEN_DIM,
    numLabels: null,
    bytes,
    modelHash: MODEL_HASH,
    config: {
      task_type: 'CAUSAL_LM',
      peft_type: 'PROMPT_TUNING',
      base_model_name_or_path: 'someone/base-model',
      inference_mode: true,
      num_virtual_tokens: 2,
      token_dim: TOKEN_DIM,
      num_transformer_submodules: 1,
      num_attention_heads: 2,
      num_layers: 2,
    },
    createdAt: 1_700_000_000_000,
  };
}
