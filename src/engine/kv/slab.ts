import { ELEMENTS, type KvArray } from './elements.ts';
import { copyPlane, type KvShape, type KvView, kvBytesPerPosition } from './kv.ts';

/**
 * The decode batch's cache: one array a plane, [rows, heads, capacity, dim], which a decode step reads in
 * place as the past. Rows are dense: row i of the batch is row i here, and freeing a row moves the last one
 * into the hole. The capacity grows in buckets, because a step costs with the capacity, not with the lengths.
 */
export class KvSlab {
  readonly shape: KvShape;
  private planes: KvArray[] = [];
  private rowCapacity = 0;
  private positionCapacity = 0;
  private readonly lengths: number[] = [];
  private readonly allocate: (length: number) => KvArray;

  /** @param allocate zeros; replaced in tests. It throws when there is no memory, and then nothing has changed */
  constructor(shape: KvShape, allocate = ELEMENTS[shape.element].zeros) {
    this.shape = shape;
    this.allocate = allocate;
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** Positions that each row has room for; the `past` dimension of a decode step. */
  get capacity(): number {
    return this.positionCapacity;
  }

  get bytes(): number {
    return this.rowCapacity * this.positionCapacity * kvBytesPerPosition(this.shape);
  }

  /** Bytes that `rows` rows of up to `length` positions would take. */
  bytesFor(rows: number, length: number): number {
    return roundRows(rows) * roundPositions(length) * kvBytesPerPosition(this.shape);
  }

  lengthOf(row: number): number {
    return this.lengths[row]!;
  }

  /** A row's positions in place, until the slab changes. */
  viewOfRow(row: number): KvView {
    return {
      length: this.lengths[row]!,
      capacity: this.positionCapacity,
      data: (plane) => this.planes[plane]!,
      offset: () => row * this.rowStride,
    };
  }

  /** The first `rows` rows of a plane, [rows, heads, capacity, dim], without a copy. */
  past(plane: number, rows: number): KvArray {
    return this.planes[plane]!.subarray(0, rows * this.rowStride);
  }

  /**
   * Adds a row that holds the views one after the other; returns its index.
   * @param spare positions more: with one the first decode step need not grow the slab at once
   */
  addRow(views: readonly KvView[], spare = 1): number {
    const length = views.reduce((sum, view) => sum + view.length, 0);
    const row = this.rows;
    this.reserve(row + 1, length + spare);
    for (let plane = 0; plane < this.shape.planes; plane++) {
      let at = 0;
      for (const view of views) {
        copyPlane(
          this.shape,
          view,
          plane,
          this.planes[plane]!,
          row * this.rowStride,
          this.positionCapacity,
          at,
        );
        at += view.length;
      }
    }
    this.lengths.push(length);
    return row;
  }

  /**
   * Appends one position to every row from a decode step's `new_keys_values` [planes, rows, heads, 1, dim].
   * The caller reserves room first.
   */
  append(output: KvArray): void {
    const { planes, heads, dim } = this.shape;
    let from = 0;
    for (let plane = 0; plane < planes; plane++) {
      const target = this.planes[plane]!;
      for (let row = 0; row < this.rows; row++) {
        let to = row * this.rowStride + this.lengths[row]! * dim;
        for (let head = 0; head < heads; head++) {
          // A plain loop: for one head's dim floats, subarray and set cost more than the copy itself.
          for (let k = 0; k < dim; k++) target[to + k] = output[from + k]!;
          from += dim;
          to += this.positionCapacity * dim;
        }
      }
    }
    for (let row = 0; row < this.rows; row++) this.lengths[row]! += 1;
  }

  /**
   * Appends to each row `counts[row]` of the positions in `new_keys_values` [planes, rows, heads, positions, dim], behind the
   * first `skipped`. The caller reserves room first.
   */
  appendSeveral(
    output: KvArray,
    { positions, skipped }: { readonly positions: number; readonly skipped: number },
    counts: readonly number[],
  ): void {
    const { planes, heads, dim } = this.shape;
    const block = positions * dim;
    for (let plane = 0; plane < planes; plane++) {
      const target = this.planes[plane]!;
      for (let row = 0; row < this.rows; row++) {
        const used = counts[row]! * dim;
        for (let head = 0; head < heads; head++) {
          const from = ((plane * this.rows + row) * heads + head) * block + skipped * dim;
          const to = row * this.rowStride + (head * this.positionCapacity + this.lengths[row]!) * dim;
          target.set(output.subarray(from, from + used), to);
        }
      }
    }
    for (let row = 0; row < this.rows; row++) this.lengths[row]! += counts[row]!;
  }

  /** Sets a row to zero: numbers that are not finite would reach its successor even through the mask. */
  clearRow(row: number): void {
    const stride = this.rowStride;
    for (const plane of this.planes) plane.fill(0, row * stride, (row + 1) * stride);
  }

  /** Frees a row. The last row, if another, moves into its place; returns the index that moved, or null. */
  removeRow(row: number): number | null {
    const last = this.rows - 1;
    const moved = row === last ? null : last;
    if (moved !== null) {
      const stride = this.rowStride;
      for (const plane of this.planes) plane.copyWithin(row * stride, moved * stride, (moved + 1) * stride);
      this.lengths[row] = this.lengths[moved]!;
    }
    this.lengths.pop();
    if (this.rows === 0) this.release();
    return moved;
  }

  /** Makes room for `rows` rows of `length` positions; shrinks when that takes less than half of the capacity. */
  reserve(rows: number, length: number): void {
    const longest = this.lengths.reduce((max, value) => Math.max(max, value), length);
    const positions = roundPositions(longest);
    const fits = positions <= this.positionCapacity && rows <= this.rowCapacity;
    if (fits && positions * 2 > this.positionCapacity) return;
    // Rows that are not used now give their memory back, else few long rows could take more than was planned.
    this.resize(roundRows(rows), positions);
  }

  private resize(rowCapacity: number, positionCapacity: number): void {
    const { heads, dim } = this.shape;
    const oldRowStride = this.rowStride;
    const oldCapacity = this.positionCapacity;
    const newRowStride = heads * positionCapacity * dim;
    // All of them before the first is replaced: there may be no memory for the last one.
    // Zero-filled, and never anything but finite numbers later: a masked slot must not turn into NaN.
    const targets = Array.from({ length: this.shape.planes }, () =>
      this.allocate(rowCapacity * newRowStride),
    );
    for (const [plane, source] of this.planes.entries()) {
      for (let row = 0; row < this.rows; row++) {
        for (let head = 0; head < heads; head++) {
          const from = row * oldRowStride + head * oldCapacity * dim;
          const to = row * newRowStride + head * positionCapacity * dim;
          targets[plane]!.set(source.subarray(from, from + this.lengths[row]! * dim), to);
        }
      }
    }
    this.planes = targets;
    this.rowCapacity = rowCapacity;
    this.positionCapacity = positionCapacity;
  }

  private release(): void {
    this.planes = [];
    this.rowCapacity = 0;
    this.positionCapacity = 0;
  }

  private get rowStride(): number {
    return this.shape.heads * this.positionCapacity * this.shape.dim;
  }
}

/** Capacity buckets: steps of 64 to 512 positions, then of an eighth of the next power of two. */
export function roundPositions(length: number): number {
  const step = length <= 512 ? 64 : 2 ** Math.ceil(Math.log2(length)) / 8;
  return Math.ceil(length / step) * step;
}

/** The longest row that fits into `bytes` when it is alone, at most `length`. */
export function longestRow(shape: KvShape, bytes: number, length: number): number {
  const positions = Math.floor(bytes / kvBytesPerPosition(shape));
  let longest = Math.min(length, positions);
  while (longest > 0 && roundPositions(longest) > positions) longest--;
  return longest;
}

function roundRows(rows: number): number {
  return rows <= 1 ? rows : 2 ** Math.ceil(Math.log2(rows));
}
