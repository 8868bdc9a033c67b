import type { GenerateRequest, PromptHandle } from '../../src/domain/engine.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { EngineCore } from '../../src/engine/core.ts';
import type { CoreEvent, CoreOptions } from '../../src/engine/core-contract.ts';
import { argmax } from '../../src/engine/decoding/sampler.ts';
import { expectedLogits, ToyBackend, toyTable } from './toy-model.ts';

export const GREEDY = {
  temperature: 0,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 0,
};

/** Prompt rows of the toy model are numbers that no token has. */
export const PROMPTS: Record<string, number[]> = {
  a: [1000],
  huge: [Number.POSITIVE_INFINITY],
  b: [1100, 1101, 1102],
  c: Array.from({ length: 9 }, (_, i) => 1200 + i),
};

/** Prompts of keys and values: those that the toy model would have computed of these rows. */
export const PREFIXES: Record<string, number[]> = { kv: [1300, 1301, 1302] };

export function handle(key: string): PromptHandle {
  const form = PREFIXES[key] === undefined ? 'rows' : 'keysValues';
  return { key, length: (PREFIXES[key] ?? PROMPTS[key])?.length ?? 1, form };
}

/** [length, planes, heads, dim], see toy-model.ts. */
export function keysValues(rows: readonly number[]): Float32Array {
  const pairs = rows.flatMap((row, position) => [
    [row, position],
    [-row, -position],
    [position, row],
    [-position, -row],
  ]);
  return Float32Array.from(pairs.flat());
}

/** The core over the toy model: its events by request, and its prompts from {@link PROMPTS}. */
export class Harness {
  readonly backend: ToyBackend;
  readonly core: EngineCore;
  readonly events = new Map<number, CoreEvent[]>();
  readonly requestedPrompts: string[] = [];
  readonly failures: Error[] = [];
  private readonly pending: string[] = [];

  constructor(options: Partial<CoreOptions> = {}, backend = new ToyBackend()) {
    this.backend = backend;
    this.core = new EngineCore(
      this.backend,
      toyTable(),
      {
        maxBatchSize: 4,
        kvCacheBytes: 1e6,
        prefixCacheBytes: 1e6,
        readBudget: 32,
        interleavedReadBudget: { least: 16, most: 16 },
        inputCacheBytes: 0,
        queueTimeoutMs: 60_000,
        ...options,
      },
      {
        emit: (id, event) => {
          const list = this.events.get(id) ?? [];
          list.push(event);
          this.events.set(id, list);
        },
        requestPrompt: (key) => {
          this.requestedPrompts.push(key);
          this.pending.push(key);
        },
        reportFailure: (error) => this.failures.push(error),
      },
    );
  }

  /** Steps until nothing can run. */
  async settle(): Promise<void> {
    while ((await this.settleOnce()) || this.pending.length > 0);
  }

  /** One step, with the prompts that were asked for; whether anything ran. */
  settleOnce(): Promise<boolean> {
    for (const key of this.pending.splice(0)) {
      const rows = PROMPTS[key];
      const prefix = PREFIXES[key];
      if (prefix !== undefined) this.core.providePrompt(key, keysValues(prefix));
      else if (rows !== undefined) this.core.providePrompt(key, Float32Array.from(rows));
      else this.core.providePrompt(key, new DomainError('not_found', 'gone', 'gone'));
    }
    return this.core.step();
  }

  tokens(id: number): number[] {
    return (this.events.get(id) ?? []).flatMap((event) => (event.type === 'token' ? [event.id] : []));
  }

  last(id: number): CoreEvent | undefined {
    return this.events.get(id)?.at(-1);
  }
}

export const TURN = { priority: 'interactive', flow: 'scores' } as const;

export function request(
  prompt: string | null,
  inputIds: number[],
  overrides: Partial<GenerateRequest> = {},
): GenerateRequest {
  return {
    priority: 'interactive',
    flow: prompt ?? 'base',
    prompt: prompt === null ? null : handle(prompt),
    inputIds,
    maxTokens: 8,
    stopTokenIds: [],
    sampling: GREEDY,
    topLogprobs: null,
    inputLogprobs: false,
    ...overrides,
  };
}

/** The tokens that follow `rows` when each is the likeliest. */
export function greedy(
  rows: readonly number[],
  count: number,
  slidingWindow: number | null = null,
): number[] {
  const all = [...rows];
  const tokens: number[] = [];
  for (let i = 0; i < count; i++) {
    const next = argmax(expectedLogits(all, slidingWindow));
    tokens.push(next);
    all.push(next);
  }
  return tokens;
}

export function range(length: number, from = 1): number[] {
  return Array.from({ length }, (_, i) => (from + i * 7) % 97);
}
