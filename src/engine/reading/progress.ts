import { KvBuffer } from '../kv/buffer.ts';
import type { KvShape, KvView } from '../kv/kv.ts';
import type { Chunk } from './chunk.ts';
import type { RowSource } from './embeddings.ts';
import type { Head } from './work.ts';

/** Chunk-wise progress of one sequence through `rows`, with the keys and values of all that stands before. */
export class LinearProgress {
  readonly rows: RowSource;
  cursor = 0;
  private readonly buffer: KvBuffer;
  /** Positions before the first of `rows`. */
  private readonly offset: number;
  private readonly source: KvView | null;
  private pieces: readonly KvView[];

  /** @param head `past` is what stands before the first row, one view after the other */
  constructor(shape: KvShape, rows: RowSource, { past, source }: Pick<Head, 'past' | 'source'>) {
    this.rows = rows;
    this.source = source;
    this.buffer = new KvBuffer(shape);
    this.offset = past.reduce((sum, view) => sum + view.length, 0);
    this.pieces = past;
  }

  get remaining(): number {
    return this.rows.length - this.cursor;
  }

  /** The whole sequence so far, one view after the other. */
  get parts(): readonly KvView[] {
    return this.pieces;
  }

  /** @param predicts whether something is predicted at a row */
  chunk(budget: number, wants: Chunk['wants'], predicts: (index: number) => boolean): Chunk {
    const { cursor, rows } = this;
    const linear = Math.min(budget, this.remaining);
    const logitRows: number[] = [];
    for (let i = 0; i < linear; i++) if (predicts(cursor + i)) logitRows.push(i);
    return {
      past: this.joined(),
      source: this.source,
      start: this.offset + cursor,
      linear,
      branchStart: this.offset + rows.length,
      branches: [],
      rows: { length: linear, row: (i) => rows.row(cursor + i) },
      logitRows,
      wants,
      targets: [],
    };
  }

  /** Takes what the chunk's linear positions produced. */
  advance(chunk: Chunk, view: KvView): void {
    this.cursor += chunk.linear;
    if (chunk.linear > 0) this.pieces = [...this.pieces, { ...view, length: chunk.linear }];
  }

  /** The parts in one piece, as a run needs them; a single part, such as a prompt's prefix, is read in place. */
  private joined(): KvView | null {
    if (this.pieces.length > 1) {
      const [first, ...others] = this.pieces;
      // After the first time the first part is what the buffer holds already.
      if (first!.length !== this.buffer.length) this.buffer.append(first!);
      for (const piece of others) this.buffer.append(piece);
      this.pieces = [this.buffer.view()];
    }
    return this.pieces[0] ?? null;
  }
}
