import type { KvShape, KvView } from '../kv/kv.ts';
import { KvSlab } from '../kv/slab.ts';
import type { Sequence } from './sequence.ts';

/** The running sequences and, row by row, their keys and values. */
export class DecodeBatch {
  readonly slab: KvSlab;
  private readonly sequences: Sequence[];
  private readonly joining: { readonly sequence: Sequence; readonly parts: readonly KvView[] }[] = [];
  private joinedTotal = 0;

  /** @param sequences the array to keep in the order of the rows */
  constructor(shape: KvShape, sequences: Sequence[]) {
    this.slab = new KvSlab(shape);
    this.sequences = sequences;
  }

  /**
   * Adds a sequence whose keys and values are `parts`, one view after the other. They are copied by the next
   * `settle`, so that its first token is on its way before.
   */
  join(sequence: Sequence, parts: readonly KvView[]): void {
    sequence.joined = this.joinedTotal++;
    this.joining.push({ sequence, parts });
    this.sequences.push(sequence);
  }

  /** Copies what joined. Called before rows are read, moved or looked up by number. */
  settle(): void {
    for (const { parts } of this.joining.splice(0)) this.slab.addRow(parts);
  }

  /** Frees a sequence's row; another may move into its place. */
  remove(sequence: Sequence): void {
    this.settle();
    const row = this.sequences.indexOf(sequence);
    const moved = this.slab.removeRow(row);
    const last = this.sequences.pop()!;
    if (moved !== null) this.sequences[row] = last;
  }

  /** Frees the row of a sequence whose numbers are not finite, and leaves none of them behind. */
  discard(sequence: Sequence): void {
    this.settle();
    this.slab.clearRow(this.sequences.indexOf(sequence));
    this.remove(sequence);
  }

  /** The keys and values of a sequence, as they lie; valid until a row is added, removed or grown. */
  viewOf(sequence: Sequence): KvView {
    this.settle();
    return this.slab.viewOfRow(this.sequences.indexOf(sequence));
  }
}
