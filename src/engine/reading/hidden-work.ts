import type { KvShape, KvView } from '../kv/kv.ts';
import type { Chunk } from './chunk.ts';
import { type EmbeddingTable, tokenRows } from './embeddings.ts';
import { LinearProgress } from './progress.ts';
import type { ChunkResults } from './results.ts';
import type { Head, Work } from './work.ts';

/** Reads an input for the hidden state at its last position. */
export class HiddenWork implements Work {
  private readonly progress: LinearProgress;
  private hidden: Float32Array | null = null;

  constructor(shape: KvShape, table: EmbeddingTable, ids: readonly number[], head: Head) {
    this.progress = new LinearProgress(shape, tokenRows(table, ids.slice(head.skip), head.lead), head);
  }

  get remaining(): number {
    return this.progress.remaining;
  }

  get parts(): readonly KvView[] {
    return this.progress.parts;
  }

  /** [hidden], a view of a run's output; there once nothing remains. */
  get result(): Float32Array {
    return this.hidden!;
  }

  nextChunk(budget: number): Chunk {
    const last = this.progress.rows.length - 1;
    return this.progress.chunk(budget, 'hidden', (index) => index === last);
  }

  accept(chunk: Chunk, results: ChunkResults, view: KvView): void {
    this.progress.advance(chunk, view);
    if (this.remaining === 0) this.hidden = results.hidden(chunk.logitRows.length - 1);
  }
}
