import { ELEMENTS, type KvArray, type KvElement } from './elements.ts';

/**
 * Keys and values of a sequence. A cache has `planes` arrays: plane 2i holds the keys of layer i, plane 2i + 1
 * its values. Inside a plane the layout is [heads, capacity, dim]: position p of head h starts at
 * (h * capacity + p) * dim. Keys are stored rotated.
 */
export interface KvShape {
  /** 2 * number of layers. */
  readonly planes: number;
  /** Key/value heads. */
  readonly heads: number;
  readonly dim: number;
  readonly element: KvElement;
}

/** Rows of embeddings, held like keys and values. */
export const rowsShape = (hiddenSize: number): KvShape => ({
  planes: 1,
  heads: 1,
  dim: hiddenSize,
  element: 'float32',
});

/** A readable run of positions somewhere in memory; nothing is copied to make one. */
export interface KvView {
  /** Number of valid positions. */
  readonly length: number;
  /** Positions between the starts of two heads. */
  readonly capacity: number;
  /** Where this is the prefix of a prompt from its first position on: the prompt's key. */
  readonly prefixKey?: string;
  /** The memory of a plane; the view starts at `offset(plane)`. */
  data(plane: number): KvArray;
  offset(plane: number): number;
}

export function kvBytesPerPosition(shape: KvShape): number {
  return shape.planes * shape.heads * shape.dim * ELEMENTS[shape.element].bytes;
}

/** Zeros for so many positions of one plane. */
export function emptyPlane({ heads, dim, element }: KvShape, positions: number): KvArray {
  return ELEMENTS[element].zeros(heads * positions * dim);
}

/** A view of arrays that hold exactly one sequence, [heads, capacity, dim] each. */
export function viewOfPlanes(planes: readonly KvArray[], capacity: number, length: number): KvView {
  return { length, capacity, data: (plane) => planes[plane]!, offset: () => 0 };
}

/** A view of one row of the graph's output `new_keys_values` [planes, batch, heads, sequence, dim]. */
export function viewOfOutput(
  output: KvArray,
  shape: KvShape,
  layout: {
    readonly batch: number;
    readonly sequence: number;
    readonly row: number;
    readonly length: number;
  },
): KvView {
  const rowStride = shape.heads * layout.sequence * shape.dim;
  return {
    length: layout.length,
    capacity: layout.sequence,
    data: () => output,
    offset: (plane) => (plane * layout.batch + layout.row) * rowStride,
  };
}

/**
 * Keys and values given position by position, [length, planes, heads, dim], copied into memory of their own. What the
 * shape's element cannot hold becomes infinite.
 */
export function viewOfPositions(shape: KvShape, values: Float32Array, length: number): KvView {
  const { planes, heads, dim } = shape;
  const capacity = alignPast(length);
  const held = ELEMENTS[shape.element].fromFloats(values);
  const copies = Array.from({ length: planes }, () => emptyPlane(shape, capacity));
  for (let position = 0; position < length; position++) {
    for (const [plane, copy] of copies.entries()) {
      for (let head = 0; head < heads; head++) {
        const from = ((position * planes + plane) * heads + head) * dim;
        copy.set(held.subarray(from, from + dim), (head * capacity + position) * dim);
      }
    }
  }
  return viewOfPlanes(copies, capacity, length);
}

/** Positions [from, to) of a view. */
export function sliceView({ dim }: KvShape, view: KvView, from: number, to: number): KvView {
  return {
    length: to - from,
    capacity: view.capacity,
    data: (plane) => view.data(plane),
    offset: (plane) => view.offset(plane) + from * dim,
  };
}

/** Copies all positions of `source` into `target` (one plane) from position `at` on. */
export function copyPlane(
  shape: KvShape,
  source: KvView,
  plane: number,
  target: KvArray,
  targetOffset: number,
  targetCapacity: number,
  at: number,
): void {
  const { dim, heads } = shape;
  const data = source.data(plane);
  const start = source.offset(plane);
  const count = source.length * dim;
  for (let head = 0; head < heads; head++) {
    const from = start + head * source.capacity * dim;
    target.set(data.subarray(from, from + count), targetOffset + (head * targetCapacity + at) * dim);
  }
}

/**
 * The past axis of every run is a multiple of this. The vectorised sums of a softmax then meet each position
 * in the same lane whatever the capacity is, so a row's logits are bit for bit the same alone and in any batch.
 */
const PAST_ALIGNMENT = 16;

/** The smallest allowed past axis for this many positions. */
export function alignPast(length: number): number {
  return Math.ceil(length / PAST_ALIGNMENT) * PAST_ALIGNMENT;
}

/** Joins views, one after the other, into new memory of the smallest allowed capacity. */
export function concatViews(shape: KvShape, views: readonly KvView[]): KvView {
  const length = views.reduce((sum, view) => sum + view.length, 0);
  const capacity = alignPast(length);
  const planes: KvArray[] = [];
  for (let plane = 0; plane < shape.planes; plane++) {
    const target = emptyPlane(shape, capacity);
    let at = 0;
    for (const view of views) {
      copyPlane(shape, view, plane, target, 0, capacity, at);
      at += view.length;
    }
    planes.push(target);
  }
  return viewOfPlanes(planes, capacity, length);
}

/** Whether all numbers of a view are finite. */
export function isFiniteView(shape: KvShape, view: KvView): boolean {
  const element = ELEMENTS[shape.element];
  for (let plane = 0; plane < shape.planes; plane++) {
    const data = view.data(plane);
    for (let head = 0; head < shape.heads; head++) {
      const start = view.offset(plane) + head * view.capacity * shape.dim;
      for (let i = start; i < start + view.length * shape.dim; i++)
        if (!element.isFinite(data[i]!)) return false;
    }
  }
  return true;
}
