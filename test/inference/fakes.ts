import { setImmediate } from 'node:timers/promises';
import type {
  Engine,
  GenerateEvent,
  GenerateRequest,
  HiddenStateRequest,
  ScoreRequest,
  TokenDetail,
  Turn,
} from '../../src/domain/engine.ts';
import { DomainError } from '../../src/domain/errors.ts';
import type { ClassificationHead } from '../../src/domain/head.ts';
import type {
  CompletionRequest,
  Inference,
  InferenceEvent,
  OutputToken,
} from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import type { PromptVersion } from '../../src/domain/prompt.ts';
import type { Task } from '../../src/domain/task.ts';
import type { TaskLookups } from '../../src/domain/visibility.ts';
import { createInference } from '../../src/inference/inference.ts';
import { ggufTokenizer } from '../../src/model/gguf-tokenizer.ts';
import { createTokenizer, type Tokenizer } from '../../src/model/tokenizer.ts';
import { byteLevelMetadata } from '../fixtures/tokenizer/index.ts';

export const VOCAB = 499;
/** `</s>` of the small tokenizer. */
export const EOS = 1;
export const BOS = 2;

/** The small byte-level tokenizer, with BOS in front of every text or without. */
export function smallTokenizer(addBos: boolean): Tokenizer {
  const metadata = { ...byteLevelMetadata('gpt-2'), 'tokenizer.ggml.add_bos_token': addBos };
  return createTokenizer(ggufTokenizer(metadata).tokenizerJson, VOCAB);
}
export const tokenizer = smallTokenizer(false);
export const encode = (text: string): readonly number[] =>
  tokenizer.encode(text, { addSpecialTokens: false }).ids;

/** Every token has a log-probability that tells which it is. */
export const logprobOf = (id: number): number => -id / 100;

export interface Script {
  /** Tokens that a request would generate without limit and stop tokens. */
  readonly tokens?: (request: GenerateRequest, call: number) => readonly number[];
  /** Thrown by the engine after this many events of each sequence. */
  readonly failAfter?: { readonly events: number; readonly error: Error };
  readonly contextLength?: number;
  readonly kvPositions?: number;
  /** Sequences that can be outstanding. */
  readonly capacity?: number;
  readonly score?: (request: ScoreRequest) => readonly Float64Array[];
  readonly hiddenState?: (request: HiddenStateRequest) => Float32Array;
}

/** An engine whose output is written down beforehand; it obeys limits, stop tokens and signals. */
export class ScriptedEngine implements Engine {
  readonly kind = 'embedded';
  readonly model = {
    id: 'base',
    hash: 'hash-of-base',
    family: 'llama',
    kind: 'decoder' as const,
    precision: 'float32',
    tokenDim: 8,
    numLayers: 1,
    numAttentionHeads: 1,
    numKeyValueHeads: 1,
    headDim: 8,
    vocabSize: VOCAB,
    contextLength: 64,
    aliases: [],
    createdAt: 0,
  } as const;
  readonly limits;
  readonly device = 'cpu';
  readonly generated: GenerateRequest[] = [];
  readonly scored: ScoreRequest[] = [];
  /** Inputs that were read for their hidden state. */
  readonly read: HiddenStateRequest[] = [];
  /** Calls that ended because their signal was aborted or their iterable closed. */
  readonly cancelled: number[] = [];
  /** Interactive requests would wait too long. */
  busy = false;
  outstanding = 0;
  mostOutstanding = 0;
  private readonly script: Script;
  private readonly capacity: number;

  constructor(script: Script) {
    this.script = script;
    this.capacity = script.capacity ?? 1000;
    this.limits = {
      contextLength: script.contextLength ?? 64,
      outputLength: null,
      maxBatchSize: 1,
      maxQueueLength: this.capacity - 1,
      maxSequencesPerFlow: this.capacity,
      kvPositions: script.kvPositions ?? null,
    };
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    this.enter();
    return this.run(request, this.generated.push(request) - 1, signal);
  }

  private async *run(
    request: GenerateRequest,
    call: number,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateEvent> {
    let finished = false;
    try {
      let count = 0;
      for (const event of this.events(request, call)) {
        await setImmediate();
        if (signal.aborted) return;
        if (count++ === this.script.failAfter?.events) throw this.script.failAfter.error;
        finished = event.type === 'end';
        yield event;
      }
    } finally {
      if (!finished) this.cancelled.push(call);
      this.outstanding--;
    }
  }

  private *events(request: GenerateRequest, call: number): Generator<GenerateEvent> {
    const detail = (id: number): TokenDetail => ({
      logprob: logprobOf(id),
      top: Array.from({ length: request.topLogprobs! }, (_, top) => ({ id: top, logprob: logprobOf(top) })),
    });
    if (request.inputLogprobs) {
      const first = request.prompt === null ? 1 : 0;
      yield { type: 'input', logprobs: request.inputIds.map((id, i) => (i < first ? null : detail(id))) };
    }
    const tokens = this.script.tokens?.(request, call) ?? [];
    for (let i = 0; i < request.maxTokens; i++) {
      const id = tokens[i % tokens.length]!;
      if (request.stopTokenIds.includes(id)) {
        yield { type: 'end', reason: 'stop' };
        return;
      }
      yield { type: 'token', id, detail: request.topLogprobs === null ? null : detail(id) };
    }
    yield { type: 'end', reason: 'length' };
  }

  async score(request: ScoreRequest, signal: AbortSignal): Promise<readonly Float64Array[]> {
    this.enter();
    this.scored.push(request);
    try {
      await setImmediate();
      signal.throwIfAborted();
      return this.script.score!(request);
    } finally {
      this.outstanding--;
    }
  }

  async hiddenState(request: HiddenStateRequest, signal: AbortSignal): Promise<Float32Array> {
    this.enter();
    this.read.push(request);
    try {
      await setImmediate();
      signal.throwIfAborted();
      return this.script.hiddenState!(request);
    } finally {
      this.outstanding--;
    }
  }

  private enter(): void {
    if (this.outstanding >= this.capacity) {
      throw new DomainError('contended', 'queue_full', 'The queue is full.', { retryAfter: 1 });
    }
    this.outstanding++;
    this.mostOutstanding = Math.max(this.mostOutstanding, this.outstanding);
  }

  assertTurn(turn: Turn): void {
    if (this.busy && turn.priority === 'interactive') {
      throw new DomainError('contended', 'queue_wait', 'Too long.', { retryAfter: 1 });
    }
  }

  async warm(): Promise<void> {}
  stats(): never {
    throw new Error('not scripted');
  }
  async close(): Promise<void> {}
}

const TASK: Task = {
  name: 'reviews',
  description: null,
  template: 'R: {text} S:',
  labels: [' good', ' bad'],
  defaults: null,
  activeVersion: 2,
  serving: { type: 'version', version: 2, shadow: null },
  createdAt: 0,
  updatedAt: 0,
};

/** One task, `reviews`, with version 2 active; `task` and `version` change it. Other `numbers` are versions like it. */
export function storeOf(
  task: Partial<Task> = {},
  version: Partial<PromptVersion> = {},
  numbers: readonly number[] = [],
) {
  const stored = {
    task: 'reviews',
    version: 2,
    sha256: 'abc',
    peftType: 'PROMPT_TUNING',
    numVirtualTokens: 4,
    tokenDim: 8,
    numLabels: null,
    bytes: 0,
    modelHash: 'hash-of-base',
    createdAt: 0,
    ...version,
  } as PromptVersion;
  const others = numbers.map((number) => ({ ...stored, version: number, sha256: `abc${number}` }));
  return {
    getTask: (name: string) => (name === 'reviews' ? { ...TASK, ...task } : null),
    getVersion: (name: string, number: number) =>
      name === 'reviews' ? ([stored, ...others].find((one) => one.version === number) ?? null) : null,
  };
}

export const PROMPT = { key: 'PROMPT_TUNING:abc', length: 4, form: 'rows' } as const;

export interface Setup {
  readonly engine: ScriptedEngine;
  readonly inference: Inference;
  /** Tasks that requests were served with, one entry a request. */
  readonly uses: readonly string[];
}

export function setUp(
  script: Script,
  options: {
    readonly task?: Partial<Task>;
    readonly version?: Partial<PromptVersion>;
    /** Further versions like it, with contents `abc` and their number. */
    readonly versions?: readonly number[];
    readonly chatTemplate?: string | null;
    readonly bos?: boolean;
    /** The version's classification head; its `numLabels` goes into `version`. */
    readonly head?: ClassificationHead;
    readonly isReady?: () => boolean;
    /** Instead of one of `task`, `version` and `versions`. */
    readonly store?: TaskLookups;
  } = {},
): Setup {
  const engine = new ScriptedEngine(script);
  const uses: string[] = [];
  const inference = createInference({
    engine,
    store: options.store ?? storeOf(options.task, options.version, options.versions),
    tokenizer: options.bos ? smallTokenizer(true) : tokenizer,
    manifest: { tokens: { bos: BOS, eos: [EOS] }, chatTemplate: options.chatTemplate ?? null },
    uses: { record: (task) => uses.push(task) },
    heads: { head: () => options.head! },
    isReady: options.isReady ?? (() => true),
  });
  return { engine, inference, uses };
}

export const never = new AbortController().signal;

/** A completion of one text with greedy defaults. */
export function completion(
  prompts: string | readonly (string | readonly number[])[],
  fields: Partial<Omit<CompletionRequest, 'prompts'>> = {},
) {
  return {
    model: 'base',
    prompts: typeof prompts === 'string' ? [prompts] : prompts,
    echo: false,
    logprobs: null,
    caller: ANYONE,
    ...fields,
  };
}

/** One after the other, also those that came together. */
export async function* flat(
  events: AsyncIterable<readonly InferenceEvent[]>,
): AsyncGenerator<InferenceEvent> {
  for await (const together of events) yield* together;
}

/** The events of each choice put together. */
export async function gather(events: AsyncIterable<readonly InferenceEvent[]>, choices = 1) {
  const out = Array.from({ length: choices }, () => ({
    text: '',
    tokens: [] as OutputToken[],
    reason: null as string | null,
  }));
  for await (const event of flat(events)) {
    const choice = out[event.choice]!;
    if (event.type === 'finish') {
      choice.reason = event.reason;
      continue;
    }
    choice.text += event.text;
    choice.tokens.push(...event.tokens);
  }
  return out;
}
