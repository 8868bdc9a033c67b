import { setTimeout as sleep } from 'node:timers/promises';
import { Spread } from '../domain/distribution.ts';
import { DomainError } from '../domain/errors.ts';
import type { StoreStats } from '../domain/store.ts';
import { type Failure, failureError } from './failure.ts';
import type { SharedWriterData, WriterData, WriterRequest } from './protocol.ts';
import { type StartThread, type WriterEvents, WriterThread } from './writer-thread.ts';
import type { Writes } from './writes.ts';

export interface WriterLimits {
  /** Writes that may wait, and the bytes of their files. */
  readonly maxPendingWrites: number;
  readonly maxPendingBytes: number;
}

/** Told the name of a write; what it returns is called when the write has its answer. */
export type WatchWrite = (name: string) => () => void;

export interface WriterParts {
  readonly data: WriterData | SharedWriterData;
  readonly limits: WriterLimits;
  readonly onFailure: (error: unknown) => void;
  /** Told when a replica has looked at the shared database. */
  readonly onLooked?: (failure: Failure | null, seq: number) => void;
  readonly watchWrite?: WatchWrite | undefined;
  /** Replaced in tests. */
  readonly startThread?: StartThread;
}

/** Seconds. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface PendingWrite {
  readonly bytes: number;
  readonly ended: () => void;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Pauses before a new thread is started, by how many ended in a row without a write; the last one repeats. */
const RESTART_PAUSES_MS = [0, 500, 2000, 8000, 30_000];

/**
 * The calling thread's side of the writer thread. Writes happen in the order of their calls. A thread that ends
 * unasked fails the writes that it had, and another takes its place.
 */
export class WriterClient {
  readonly #parts: WriterParts;
  readonly #pending = new Map<number, PendingWrite>();
  readonly #closing = new AbortController();
  readonly #latencies = new Spread(LATENCY_BOUNDS);
  #thread: WriterThread | null = null;
  #pendingBytes = 0;
  #lastId = 0;
  /** Threads in a row that ended without a write. */
  #failures = 0;
  /** Why no write is taken now. */
  #refusal: DomainError | null = null;
  readonly #ended: Promise<void>;
  #end: () => void = () => {};

  private constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Starts the thread; resolves with the names of the migrations that it applied. */
  static async start(
    parts: WriterParts,
  ): Promise<{ readonly client: WriterClient; readonly applied: readonly string[] }> {
    const client = new WriterClient(parts);
    const thread = await WriterThread.start(parts.data, client.#events(), parts.startThread);
    client.#thread = thread;
    return { client, applied: thread.applied };
  }

  /** Queues one write. `bytes` counts against the queue's limit; `transfer` is moved, not copied. */
  call<Name extends keyof Writes>(
    name: Name,
    args: Parameters<Writes[Name]>,
    bytes = 0,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<Writes[Name]>> {
    const refusal = this.#refusal ?? this.#overload(bytes);
    if (refusal !== null) return Promise.reject(refusal);
    const id = ++this.#lastId;
    this.#pendingBytes += bytes;
    const ended = this.#timed(name);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { bytes, ended, resolve, reject });
      this.#thread?.post({ type: 'write', id, name, args } as WriterRequest, transfer);
    });
  }

  /** Takes no more writes, finishes those that wait, and ends the thread. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#refusal = unavailable('store_closed', 'The store is closed.', 5);
      if (this.#thread === null) this.#end();
      else this.#thread.post({ type: 'close' });
    }
    await this.#ended;
  }

  stats(): Omit<StoreStats, 'databaseBytes' | 'walBytes' | 'shared'> {
    return {
      pendingWrites: this.#pending.size,
      pendingBytes: this.#pendingBytes,
      writeSeconds: this.#latencies.snapshot(),
    };
  }

  #timed(name: string): () => void {
    const started = performance.now();
    const watched = this.#parts.watchWrite?.(name);
    return () => {
      this.#latencies.add((performance.now() - started) / 1000);
      watched?.();
    };
  }

  #overload(bytes: number): DomainError | null {
    const { maxPendingWrites, maxPendingBytes } = this.#parts.limits;
    const full = this.#pending.size >= maxPendingWrites;
    // A single file may be larger than the limit; it then waits alone.
    if (!full && (this.#pendingBytes === 0 || this.#pendingBytes + bytes <= maxPendingBytes)) return null;
    return new DomainError('contended', 'write_queue_full', 'Too many writes are waiting.', {
      expected: full ? `at most ${maxPendingWrites} writes` : `at most ${maxPendingBytes} bytes`,
      given: full ? this.#pending.size + 1 : this.#pendingBytes + bytes,
      retryAfter: 1,
    });
  }

  #events(): WriterEvents {
    return {
      onDone: (id, value) => {
        this.#failures = 0;
        this.#settled(id)?.resolve(value as never);
      },
      onRefused: (id, failure) => this.#settled(id)?.reject(failureError(failure)),
      onLooked: (failure, seq) => this.#parts.onLooked?.(failure, seq),
      onError: this.#parts.onFailure,
      onEnd: () => this.#lost(),
    };
  }

  #settled(id: number): PendingWrite | undefined {
    const write = this.#pending.get(id);
    if (write === undefined) return undefined;
    this.#pending.delete(id);
    this.#pendingBytes -= write.bytes;
    write.ended();
    return write;
  }

  /** The thread has ended: whether a write that waited took place is not known. */
  #lost(): void {
    this.#thread = null;
    const unknown = unavailable(
      'write_unknown',
      'The store failed during this write; whether it took place is not known. Look before you repeat it.',
      1,
    );
    for (const { ended, reject } of this.#pending.values()) {
      ended();
      reject(unknown);
    }
    this.#pending.clear();
    this.#pendingBytes = 0;
    if (this.#closing.signal.aborted) this.#end();
    else void this.#restart();
  }

  async #restart(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#thread === null && !signal.aborted) {
      const pause = RESTART_PAUSES_MS[Math.min(this.#failures, RESTART_PAUSES_MS.length - 1)]!;
      this.#failures++;
      this.#refusal = unavailable('store_restarting', 'The store starts again.', Math.ceil(pause / 1000) + 1);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#startAgain();
    }
  }

  async #startAgain(): Promise<void> {
    const { data, onFailure, startThread } = this.#parts;
    try {
      const thread = await WriterThread.start(data, this.#events(), startThread);
      if (this.#closing.signal.aborted) return thread.post({ type: 'close' });
      this.#thread = thread;
      this.#refusal = null;
    } catch (error) {
      onFailure(error);
    }
  }
}

function unavailable(code: string, message: string, retryAfter: number): DomainError {
  return new DomainError('unavailable', code, message, { retryAfter });
}
