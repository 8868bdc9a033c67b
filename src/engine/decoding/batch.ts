import type { KvShape, KvView } from '../kv/kv.ts';
import { KvSlab } from '../kv/slab.ts';
import type { Sequence } from './sequence.ts';

interface Joining {
  readonly sequence: Sequence;
  readonly parts: readonly KvView[];
  readonly source: KvView | null;
}

/** The running sequences and, row by row, their keys and values. */
export class DecodeBatch {
  readonly slab: KvSlab;
  /** What the encoder made of each row's input; null in a decoder-only model. */
  readonly sources: KvSlab | null;
  private readonly sequences: Sequence[];
  private readonly onFailure: (sequence: Sequence, error: unknown) => void;
  private joining: Joining[] = [];
  private joinedTotal = 0;

  /**
   * @param hasSources rows also have a source
   * @param sequences the array to keep in the order of the rows
   * @param onFailure told of a sequence for which there was no memory; it has not joined
   */
  constructor(
    shape: KvShape,
    hasSources: boolean,
    sequences: Sequence[],
    onFailure: (sequence: Sequence, error: unknown) => void,
  ) {
    this.slab = new KvSlab(shape);
    this.sources = hasSources ? new KvSlab(shape) : null;
    this.sequences = sequences;
    this.onFailure = onFailure;
  }

  /** Sequences with a row, and those that are about to get one. */
  get size(): number {
    return this.sequences.length + this.joining.length;
  }

  get bytes(): number {
    return this.slabs.reduce((sum, slab) => sum + slab.bytes, 0);
  }

  /** Bytes that `rows` rows would take, none longer than `length` positions. */
  bytesFor(rows: number, length: number): number {
    return this.slabs.reduce((sum, slab) => sum + slab.bytesFor(rows, length), 0);
  }

  /**
   * Adds a sequence whose keys and values are `parts`, one view after the other. They are copied by the next
   * `settle`, so that its first token is on its way before.
   */
  join(sequence: Sequence, parts: readonly KvView[], source: KvView | null): void {
    sequence.joined = this.joinedTotal++;
    this.joining.push({ sequence, parts, source });
  }

  /** Copies what joined. Called before anything is scheduled. */
  settle(): void {
    const joining = this.joining;
    this.joining = [];
    if (joining.length > 1) this.makeRoomFor(joining);
    for (const { sequence, parts, source } of joining) {
      // One of its ensemble had no memory.
      if (sequence.ended) continue;
      try {
        if (source !== null) this.sources!.addRow([source], 0);
        this.addRow(parts);
        this.sequences.push(sequence);
      } catch (error) {
        this.onFailure(sequence, error);
      }
    }
    this.trimSources();
  }

  /** Takes a sequence out; returns whether it was there. */
  abort(id: number): boolean {
    const joining = this.joining.findIndex(({ sequence }) => sequence.id === id);
    if (joining >= 0) {
      this.joining.splice(joining, 1);
      return true;
    }
    const sequence = this.sequences.find((running) => running.id === id);
    if (sequence !== undefined) this.remove(sequence);
    return sequence !== undefined;
  }

  /** Frees a sequence's row; another may move into its place. */
  remove(sequence: Sequence): void {
    const row = this.sequences.indexOf(sequence);
    this.sources?.removeRow(row);
    const moved = this.slab.removeRow(row);
    const last = this.sequences.pop()!;
    if (moved !== null) this.sequences[row] = last;
  }

  /** Frees the rows of sequences whose numbers are not finite, and leaves none of them behind. */
  discard(sequences: readonly Sequence[]): void {
    // All before the first is freed: the last row moves, and stays where it was as well.
    for (const sequence of sequences) {
      for (const slab of this.slabs) slab.clearRow(this.sequences.indexOf(sequence));
    }
    for (const sequence of sequences) this.remove(sequence);
  }

  /** The keys and values of a sequence, as they lie; valid until a row is added, removed or grown. */
  viewOf(sequence: Sequence): KvView {
    return this.slab.viewOfRow(this.sequences.indexOf(sequence));
  }

  private get slabs(): readonly KvSlab[] {
    return this.sources === null ? [this.slab] : [this.sources, this.slab];
  }

  /** The row of the sources, if there are any, has been added: without memory for this one it goes again. */
  private addRow(parts: readonly KvView[]): void {
    try {
      this.slab.addRow(parts);
    } catch (error) {
      this.sources?.removeRow(this.sources.rows - 1);
      throw error;
    }
  }

  /** A source that left may have been much longer than those that stay; every step costs with its columns. */
  private trimSources(): void {
    if (this.sequences.length === 0) return;
    try {
      this.sources?.reserve(this.sequences.length, 0);
    } catch {
      // There is no memory for the smaller copy now: the larger one does as well.
    }
  }

  /** Grows once for all, not row by row. What cannot be had in one piece may still do for some. */
  private makeRoomFor(joining: readonly Joining[]): void {
    const rows = this.sequences.length + joining.length;
    const lengths = joining.map(({ parts }) => parts.reduce((sum, view) => sum + view.length, 0));
    const sources = joining.map(({ source }) => source?.length ?? 0);
    try {
      this.slab.reserve(rows, Math.max(...lengths) + 1);
      this.sources?.reserve(rows, Math.max(...sources));
    } catch {
      // Each of them tries by itself, and fails by itself.
    }
  }
}
