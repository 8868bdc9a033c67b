import type * as ort from 'onnxruntime-node';
import type { PastRow } from '../backend.ts';
import { type DeviceMemory, withDims } from './device-memory.ts';
import type { DevicePrefixes } from './device-prefixes.ts';
import { ELEMENTS, type KvArray } from './elements.ts';
import { emptyPlane, type KvShape } from './kv.ts';
import { kvTensor } from './tensors.ts';

/** Positions that are moved together when a row is new; what a row grows by is moved position by position. */
export const BLOCK = 16;

/**
 * Pieces of one run. Every thread of WebGPU's ScatterND compares all indices with each other, so their number counts three
 * times over.
 */
const MOST_PIECES = 128;

/** What lies in one row of the device's planes. */
interface Slot {
  readonly id: PastRow['id'];
  /** Positions that are as the host's. */
  readonly length: number;
  /** Positions that something was written to; it may be of a row that has left. */
  readonly dirty: number;
}

/** The beginning of a row that lies on the device: these pieces, head after head. */
interface Kept {
  /** Null: in the planes of the rows. */
  readonly planes: readonly ort.Tensor[] | null;
  readonly indices: readonly number[];
  /** Positions; whole blocks. */
  readonly length: number;
}

/** Positions of a row that are to be written. */
interface Span {
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A copy, on the device, of the rows of a slab: a run reads it there, and only what rows have grown by crosses the bus, or
 * what is new. The slab stays where the numbers are: after any failure the copy is dropped and made anew.
 */
export class DeviceRows {
  private readonly shape: KvShape;
  private readonly memory: DeviceMemory;
  private readonly prefixes: DevicePrefixes;
  /** Each [rowCapacity, heads, capacity, dim], and behind that one block of zeros. */
  private planes: readonly ort.Tensor[] = [];
  private rowCapacity = 0;
  private capacity = 0;
  private slots: Slot[] = [];

  constructor(shape: KvShape, memory: DeviceMemory, prefixes: DevicePrefixes) {
    this.shape = shape;
    this.memory = memory;
    this.prefixes = prefixes;
  }

  /**
   * The planes of the past on the device, [rows, heads, capacity, dim] each, as the host's planes are: equal below the
   * length of each row, and finite behind it. Valid until the next call.
   * @param capacity a multiple of {@link BLOCK}
   * @param host planes of the same shape
   */
  async past(
    rows: readonly PastRow[],
    capacity: number,
    host: readonly KvArray[],
  ): Promise<readonly ort.Tensor[]> {
    try {
      const isRoomy = rows.length <= this.rowCapacity && rows.length * 4 > this.rowCapacity;
      if (!isRoomy || capacity !== this.capacity) await this.resize(rows, capacity);
      await this.update(rows, host);
    } catch (error) {
      this.drop();
      throw error;
    }
    const { heads, dim } = this.shape;
    return this.planes.map((plane) => withDims(plane, [rows.length, heads, capacity, dim]));
  }

  /** Frees all of it. */
  drop(): void {
    this.memory.free(this.planes);
    this.planes = [];
    this.slots = [];
    this.rowCapacity = 0;
    this.capacity = 0;
  }

  /** Makes room for these rows and some more; what lies on the device stays there. */
  private async resize(rows: readonly PastRow[], capacity: number): Promise<void> {
    if (!this.slots.some((slot) => rows.some(({ id }) => id === slot.id))) this.drop();
    const { heads, dim, planes } = this.shape;
    const rowCapacity = 2 ** Math.ceil(Math.log2(rows.length));
    const [oldBlocks, blocks] = [this.capacity / BLOCK, capacity / BLOCK];
    const zero = this.rowCapacity * heads * oldBlocks;
    const from = Array.from({ length: rowCapacity * heads * blocks }, (_, index) => {
      const [place, block] = [Math.floor(index / blocks), index % blocks];
      const isThere = place < this.rowCapacity * heads && block < oldBlocks;
      return isThere ? place * oldBlocks + block : zero;
    });
    const width = BLOCK * dim;
    const zeros = kvTensor(emptyPlane({ ...this.shape, heads: 1 }, BLOCK), [1, width]);
    for (let plane = 0; plane < planes; plane++) {
      const old = this.planes[plane];
      const held = await this.memory.hold(old ?? zeros, width, [...from, zero]);
      this.planes = this.planes.toSpliced(plane, 1, held);
      if (old !== undefined) this.memory.free([old]);
    }
    this.rowCapacity = rowCapacity;
    this.capacity = capacity;
    this.slots = this.slots.slice(0, rowCapacity).map(({ id, length, dirty }) => ({
      id,
      length: Math.min(length, capacity),
      dirty: Math.min(dirty, capacity),
    }));
  }

  private async update(rows: readonly PastRow[], host: readonly KvArray[]): Promise<void> {
    const grown: Span[] = [];
    const fresh: Span[] = [];
    // In ascending order: a row that moved came from behind, and lies there until the turn of that place.
    for (const [row, past] of rows.entries()) {
      const { id, length } = past;
      const slot = this.slots[row];
      const dirty = Math.max(slot?.dirty ?? 0, length);
      if (slot?.id === id) grown.push({ row, from: slot.length, to: length });
      else {
        const kept = this.find(past);
        if (kept !== null) await this.place(kept, row);
        // What is left of another row is overwritten too, with what the slab has there: it may have been not finite.
        fresh.push({ row, from: kept?.length ?? 0, to: dirty });
      }
      this.slots[row] = { id, length, dirty };
    }
    await this.write(fresh, BLOCK, host);
    await this.write(grown, 1, host);
    for (const { row } of fresh) await this.keepPrefix(rows[row]!, row);
  }

  /** The whole blocks of a new row that the device has already. */
  private find({ id, prefix }: PastRow): Kept | null {
    const before = this.slots.findIndex((slot) => slot.id === id);
    if (before >= 0) {
      const length = wholeBlocks(this.slots[before]!.length);
      return {
        planes: null,
        indices: this.pieces({ row: before, from: 0, to: length }, BLOCK),
        length,
      };
    }
    const held = prefix && this.prefixes.get(prefix.key);
    if (held === null) return null;
    // Without the last position, which some requests read once more.
    const blocks = wholeBlocks(prefix!.length - 1) / BLOCK;
    const indices = Array.from(
      { length: this.shape.heads * blocks },
      (_, index) => Math.floor(index / blocks) * held.blocks + (index % blocks),
    );
    return { planes: held.planes, indices, length: blocks * BLOCK };
  }

  /** Writes the host's numbers, in pieces of so many positions. */
  private async write(spans: readonly Span[], positions: number, host: readonly KvArray[]): Promise<void> {
    const width = positions * this.shape.dim;
    for (const indices of inRuns(spans.flatMap((span) => this.pieces(span, positions)))) {
      const updates = ELEMENTS[this.shape.element].zeros(host.length * indices.length * width);
      let at = 0;
      for (const plane of host) {
        for (const index of indices) {
          updates.set(plane.subarray(index * width, (index + 1) * width), at);
          at += width;
        }
      }
      this.planes = await this.memory.write({ planes: this.planes, indices }, updates, width);
    }
  }

  /** Copies what is kept to the beginning of a row. */
  private async place(kept: Kept, row: number): Promise<void> {
    const width = BLOCK * this.shape.dim;
    const to = inRuns(this.pieces({ row, from: 0, to: kept.length }, BLOCK));
    for (const [run, indices] of inRuns(kept.indices).entries()) {
      const target = { planes: this.planes, indices: to[run]! };
      this.planes = await this.memory.copy(target, { planes: kept.planes ?? this.planes, indices }, width);
    }
  }

  /** Keeps a row's prefix for the next row behind the same prompt. */
  private async keepPrefix({ prefix, length }: PastRow, row: number): Promise<void> {
    // A row that is nothing but a prefix may be without the last position, and a block that is kept is never written again.
    if (prefix === null || length <= prefix.length) return;
    const indices = this.pieces({ row, from: 0, to: prefix.length }, BLOCK);
    await this.prefixes.add(prefix.key, { planes: this.planes, indices }, BLOCK * this.shape.dim);
  }

  /** The pieces of a row that hold its positions [from, to), head after head. */
  private pieces({ row, from, to }: Span, positions: number): number[] {
    const { heads } = this.shape;
    const [first, end] = [Math.floor(from / positions), Math.ceil(to / positions)];
    return Array.from(
      { length: heads },
      (_, head) => ((row * heads + head) * this.capacity) / positions,
    ).flatMap((start) =>
      Array.from({ length: Math.max(0, end - first) }, (_, index) => start + first + index),
    );
  }
}

const wholeBlocks = (positions: number): number => positions - (positions % BLOCK);

function inRuns(indices: readonly number[]): readonly (readonly number[])[] {
  const runs = Math.ceil(indices.length / MOST_PIECES);
  return Array.from({ length: runs }, (_, run) => indices.slice(run * MOST_PIECES, (run + 1) * MOST_PIECES));
}
