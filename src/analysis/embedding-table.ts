import type { Worker } from 'node:worker_threads';
import { startWorker } from '../threads/start-worker.ts';
import type { TableAnswer, TableFile, TableNorms, TableQuery } from './table-search.ts';

/** The tokens that are nearest to some rows. */
export interface NearestTokens extends Pick<TableAnswer, 'ids' | 'cosines'> {
  /** Of the table's rows. */
  readonly medianNorm: number;
}

/** The frozen model's embedding table, searched. */
export interface EmbeddingSearch {
  /**
   * For each query the k token ids with the largest cosine, [count, k], the best first; -1: there are no more.
   * @param queries row-major [count, hidden], finite
   * Rejects with the signal's reason.
   */
  nearest(queries: Float32Array, k: number, signal: AbortSignal): Promise<NearestTokens>;
}

/**
 * Searches the table in its file, each time on a thread of its own that ends afterwards: the table may be larger than
 * the memory that is left, and a pass takes seconds. Norms and median are those of the first pass. What a model multiplies
 * its embeddings by changes no cosine; a prompt's rows enter the model as they are, so the median is that of scaled rows.
 */
export class EmbeddingTableFile implements EmbeddingSearch {
  private readonly table: TableFile;
  private readonly scale: number;
  private known: TableNorms | null = null;

  /** @param scale rows enter the model multiplied by it */
  constructor(table: TableFile, scale: number) {
    this.table = table;
    this.scale = scale;
  }

  async nearest(queries: Float32Array, k: number, signal: AbortSignal): Promise<NearestTokens> {
    signal.throwIfAborted();
    const query: TableQuery = { table: this.table, queries, k, known: this.known };
    const { ids, cosines, table } = await answerOf(
      startWorker('./table-worker', import.meta.url, query),
      signal,
    );
    this.known ??= table;
    return { ids, cosines, medianNorm: table.median * this.scale };
  }
}

/** The thread's only message. It is ended when the signal aborts. */
function answerOf(worker: Worker, signal: AbortSignal): Promise<TableAnswer> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      void worker.terminate();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', abort);
      reject(new Error(`The search of the embedding table ended with code ${code}.`));
    });
  });
}
