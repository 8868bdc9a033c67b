import type { KvArray } from './elements.ts';
import { copyPlane, emptyPlane, type KvShape, type KvView, viewOfPlanes } from './kv.ts';
import { roundPositions } from './slab.ts';

/** Keys and values of one sequence that is read chunk by chunk; it grows in buckets, not with every chunk. */
export class KvBuffer {
  private readonly shape: KvShape;
  private planes: KvArray[] = [];
  private capacity = 0;
  length = 0;

  constructor(shape: KvShape) {
    this.shape = shape;
  }

  append(view: KvView): void {
    const { shape } = this;
    const length = this.length + view.length;
    if (length > this.capacity) this.grow(roundPositions(length));
    this.planes.forEach((target, plane) => {
      copyPlane(shape, view, plane, target, 0, this.capacity, this.length);
    });
    this.length = length;
  }

  /** All positions so far; valid until the next `append`. */
  view(): KvView {
    return viewOfPlanes(this.planes, this.capacity, this.length);
  }

  private grow(capacity: number): void {
    const held = this.view();
    this.planes = Array.from({ length: this.shape.planes }, (_, plane) => {
      // Zero-filled: spare positions are masked, but must be finite.
      const target = emptyPlane(this.shape, capacity);
      if (held.length > 0) copyPlane(this.shape, held, plane, target, 0, capacity, 0);
      return target;
    });
    this.capacity = capacity;
  }
}
