import type { Worker } from 'node:worker_threads';
import { startWorker } from '../threads/start-worker.ts';
import { type Failure, failureError } from './failure.ts';
import type { SharedWriterData, WriterData, WriterRequest, WriterResponse } from './protocol.ts';

export type StartThread = (data: WriterData | SharedWriterData) => Worker;

export interface WriterEvents {
  onDone(id: number, value: unknown): void;
  onRefused(id: number, failure: Failure): void;
  /** A replica looked at the shared database; see {@link WriterResponse}. */
  onLooked(failure: Failure | null, seq: number): void;
  /** The thread met an error that it could not answer; it ends. */
  onError(error: unknown): void;
  /** The thread is gone; nothing else is called after this. */
  onEnd(): void;
}

/** One life of the writer thread. */
export class WriterThread {
  /** Names of the migrations that it applied when it opened the database. */
  readonly applied: readonly string[];
  readonly #worker: Worker;

  private constructor(worker: Worker, applied: readonly string[], events: WriterEvents) {
    this.#worker = worker;
    this.applied = applied;
    worker.on('message', (response: WriterResponse) => {
      if (response.type === 'done') events.onDone(response.id, response.value);
      if (response.type === 'refused') events.onRefused(response.id, response.failure);
      if (response.type === 'looked') events.onLooked(response.failure, response.seq);
    });
    worker.on('error', (error) => events.onError(error));
    worker.once('exit', () => events.onEnd());
  }

  /** Resolves when the database is open. Rejects with its refusal, or when the thread ends before. */
  static async start(
    data: WriterData | SharedWriterData,
    events: WriterEvents,
    startThread: StartThread = (given) =>
      startWorker('url' in given ? 'shared/writer' : 'writer', import.meta.url, given),
  ): Promise<WriterThread> {
    const worker = startThread(data);
    const first = await new Promise<WriterResponse>((resolve, reject) => {
      worker.on('message', function answer(response: WriterResponse) {
        // A replica that begins without its shared database says so before.
        if (response.type === 'looked') return events.onLooked(response.failure, response.seq);
        worker.off('message', answer);
        resolve(response);
      });
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new Error(`The writer thread ended with code ${code} at its start`)),
      );
    });
    if (first.type === 'failed') throw failureError(first.failure);
    if (first.type !== 'ready') throw new Error(`The writer began with "${first.type}"`);
    return new WriterThread(worker, first.applied, events);
  }

  /** `transfer` is moved, not copied. */
  post(request: WriterRequest, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}
