import type { PromptHandle, Turn } from '../domain/engine.ts';
import type { DomainError } from '../domain/errors.ts';
import type { Backend } from './backend.ts';
import { Job } from './job.ts';
import { isFiniteView, type KvShape, type KvView, rowsShape, viewOfPositions } from './kv/kv.ts';
import { PrefixCache, type PrefixCacheStats, type PrefixEntry } from './kv/prefix-cache.ts';
import { PrefixWork } from './reading/prefix-work.ts';
import { beyondFloat16, notFinite } from './refusals.ts';

/** The prefixes of prompts: cached ones, and how missing ones come about. */
export class Prefixes {
  private readonly backend: Pick<Backend, 'kvShape' | 'hiddenSize' | 'encoder'>;
  private readonly shape: KvShape;
  private readonly cache: PrefixCache;
  private readonly requestPrompt: (key: string) => void;
  /** Prompts whose numbers were asked for, and whose turn they use up: that of the request that missed first. */
  private readonly wanted = new Map<string, { readonly prompt: PromptHandle; readonly turn: Turn }>();

  constructor(
    backend: Pick<Backend, 'kvShape' | 'hiddenSize' | 'encoder'>,
    cacheBytes: number,
    requestPrompt: (key: string) => void,
  ) {
    this.backend = backend;
    // An encoder mixes the rows with those of the input, so nothing of them can be computed ahead.
    this.shape = backend.encoder === null ? backend.kvShape : rowsShape(backend.hiddenSize);
    this.cache = new PrefixCache(this.shape, cacheBytes);
    this.requestPrompt = requestPrompt;
  }

  /** Whether the cache has room to pin this prompt beside all that is pinned. */
  hasRoomFor(prompt: PromptHandle): boolean {
    return this.cache.hasRoomFor(prompt.key, prompt.length);
  }

  /** Pins a prompt's prefix and calls `use`, at once or when it has been computed. */
  acquire(prompt: PromptHandle, turn: Turn, use: (result: PrefixEntry | Error) => void): void {
    if (!this.cache.acquire(prompt.key, prompt.length, use)) return;
    this.wanted.set(prompt.key, { prompt, turn });
    this.requestPrompt(prompt.key);
  }

  /** Gives one pin back. */
  release({ key }: PromptHandle): void {
    this.cache.release(key);
  }

  /** Takes the numbers that were asked for; returns the job that computes the prefix of rows. */
  provide(key: string, values: Float32Array | DomainError): Job | null {
    const wanted = this.wanted.get(key);
    if (wanted === undefined) return null;
    this.wanted.delete(key);
    if (!(values instanceof Float32Array)) {
      this.cache.reject(key, values);
      return null;
    }
    const { prompt, turn } = wanted;
    if (prompt.form === 'rows' && this.backend.encoder === null) return this.compute(key, values, turn);
    const view = viewOfPositions(this.shape, values, prompt.length);
    if (isFiniteView(this.shape, view)) this.store(key, view, null);
    else this.cache.reject(key, beyondFloat16());
    return null;
  }

  stats(): PrefixCacheStats {
    return this.cache.stats();
  }

  /** @param rows [length, hidden] */
  private compute(key: string, rows: Float32Array, turn: Turn): Job {
    const { kvShape, hiddenSize } = this.backend;
    const work = new PrefixWork(kvShape, rows, hiddenSize);
    const job = new Job({
      ...turn,
      id: null,
      prompt: null,
      pass: 'decoder',
      behind: 0,
      needsRow: false,
      rowLength: 0,
      finalLength: 0,
      expected: work.remaining,
      deadline: Number.POSITIVE_INFINITY,
      open: () => work,
      finish: () => {
        const view = work.result;
        if (!isFiniteView(kvShape, view)) this.cache.reject(key, notFinite());
        else this.store(key, view, rows.slice(rows.length - hiddenSize));
      },
      fail: (error) => this.cache.reject(key, error),
    });
    job.prepare(null);
    return job;
  }

  private store(key: string, view: KvView, lastRow: Float32Array | null): void {
    this.cache.resolve({ key, view: { ...view, prefixKey: key }, lastRow });
  }
}
