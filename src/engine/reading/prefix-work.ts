import { concatViews, type KvShape, type KvView } from '../kv/kv.ts';
import type { Chunk } from './chunk.ts';
import { promptRows } from './embeddings.ts';
import { LinearProgress } from './progress.ts';
import type { ChunkResults } from './results.ts';
import type { Work } from './work.ts';

/** Computes the keys and values of a prompt's rows [length, hidden]. */
export class PrefixWork implements Work {
  private readonly shape: KvShape;
  private readonly progress: LinearProgress;

  constructor(shape: KvShape, rows: Float32Array, hiddenSize: number) {
    this.shape = shape;
    this.progress = new LinearProgress(shape, promptRows(rows, hiddenSize), { past: [], source: null });
  }

  get remaining(): number {
    return this.progress.remaining;
  }

  get parts(): readonly KvView[] {
    return this.progress.parts;
  }

  nextChunk(budget: number): Chunk {
    return this.progress.chunk(budget, 'best', () => false);
  }

  accept(chunk: Chunk, _results: ChunkResults, view: KvView): void {
    this.progress.advance(chunk, view);
  }

  /** The finished keys and values, in memory of their own. */
  get result(): KvView {
    return concatViews(this.shape, this.parts);
  }
}
