import type { Worker } from 'node:worker_threads';
import { DomainError, deserializeError } from '../domain/errors.ts';
import { startWorker } from '../threads/start-worker.ts';
import type { WriterData, WriterFailure, WriterRequest, WriterResponse } from './protocol.ts';
import type { Writes } from './writes.ts';

export interface WriterLimits {
  /** Writes that may wait, and the bytes of their files. */
  readonly maxPendingWrites: number;
  readonly maxPendingBytes: number;
}

interface PendingWrite {
  readonly bytes: number;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The calling thread's side of the writer thread. Writes happen in the order of their calls. */
export class WriterClient {
  readonly #worker: Worker;
  readonly #limits: WriterLimits;
  readonly #pending = new Map<number, PendingWrite>();
  readonly #ended: Promise<void>;
  #pendingBytes = 0;
  #lastId = 0;
  /** Why no write is taken any more. */
  #refusal: DomainError | null = null;

  private constructor(worker: Worker, limits: WriterLimits, onFailure: (error: unknown) => void) {
    this.#worker = worker;
    this.#limits = limits;
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail();
        resolve();
      });
    });
    worker.on('message', (response: WriterResponse) => this.#settle(response));
    worker.on('error', onFailure);
  }

  /** Starts the thread; resolves with the names of the migrations that it applied. */
  static async start(
    data: WriterData,
    limits: WriterLimits,
    onFailure: (error: unknown) => void,
  ): Promise<{ readonly client: WriterClient; readonly applied: readonly string[] }> {
    const worker = startWorker('writer', import.meta.url, data);
    const first = await new Promise<WriterResponse>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new Error(`The writer thread ended with code ${code} at its start`)),
      );
    });
    if (first.type === 'failed') throw toError(first.failure);
    if (first.type !== 'ready') throw new Error(`The writer began with "${first.type}"`);
    return { client: new WriterClient(worker, limits, onFailure), applied: first.applied };
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
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { bytes, resolve, reject });
      this.#worker.postMessage({ type: 'write', id, name, args } as WriterRequest, transfer);
    });
  }

  /** Takes no more writes, finishes those that wait, and ends the thread. */
  async close(): Promise<void> {
    if (this.#refusal === null) {
      this.#refusal = new DomainError('unavailable', 'store_closed', 'The store is closed.', {
        retryAfter: 5,
      });
      this.#worker.postMessage({ type: 'close' } satisfies WriterRequest);
    }
    await this.#ended;
  }

  #overload(bytes: number): DomainError | null {
    const { maxPendingWrites, maxPendingBytes } = this.#limits;
    const full = this.#pending.size >= maxPendingWrites;
    // A single file may be larger than the limit; it then waits alone.
    if (!full && (this.#pendingBytes === 0 || this.#pendingBytes + bytes <= maxPendingBytes)) return null;
    return new DomainError('contended', 'write_queue_full', 'Too many writes are waiting.', {
      expected: full ? `at most ${maxPendingWrites} writes` : `at most ${maxPendingBytes} bytes`,
      given: full ? this.#pending.size + 1 : this.#pendingBytes + bytes,
      retryAfter: 1,
    });
  }

  #settle(response: WriterResponse): void {
    if (response.type !== 'done' && response.type !== 'refused') return;
    const write = this.#pending.get(response.id);
    if (write === undefined) return;
    this.#pending.delete(response.id);
    this.#pendingBytes -= write.bytes;
    if (response.type === 'done') write.resolve(response.value as never);
    else write.reject(toError(response.failure));
  }

  /** The thread has ended: whether a write that waited took place is not known. */
  #fail(): void {
    this.#refusal ??= new DomainError(
      'unavailable',
      'store_failed',
      'The store has failed; restart the server.',
      {
        retryAfter: 30,
      },
    );
    for (const { reject } of this.#pending.values()) reject(this.#refusal);
    this.#pending.clear();
  }
}

function toError(failure: WriterFailure): Error {
  if ('refusal' in failure) return deserializeError(failure.refusal);
  return Object.assign(new Error(failure.bug.message), { stack: failure.bug.stack });
}
