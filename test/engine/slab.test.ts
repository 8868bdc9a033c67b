import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  concatViews,
  isFiniteView,
  type KvShape,
  type KvView,
  viewOfOutput,
  viewOfPlanes,
  viewOfPositions,
} from '../../src/engine/kv/kv.ts';
import { KvSlab, longestRow, roundPositions } from '../../src/engine/kv/slab.ts';

const SHAPE: KvShape = { planes: 4, heads: 3, dim: 2, element: 'float32' };

/** A number that names the place it belongs to. */
function mark(sequence: number, plane: number, head: number, position: number): number {
  return sequence * 1e5 + plane * 1e4 + head * 1e3 + position;
}

function sequenceView(sequence: number, length: number, from = 0, capacity = length): KvView {
  const planes = Array.from({ length: SHAPE.planes }, (_, plane) => {
    const data = new Float32Array(SHAPE.heads * capacity * SHAPE.dim);
    for (let head = 0; head < SHAPE.heads; head++) {
      for (let i = 0; i < length; i++) {
        data.fill(
          mark(sequence, plane, head, from + i),
          (head * capacity + i) * 2,
          (head * capacity + i + 1) * 2,
        );
      }
    }
    return data;
  });
  return viewOfPlanes(planes, capacity, length);
}

function assertRow(slab: KvSlab, row: number, sequence: number, length: number): void {
  assert.equal(slab.lengthOf(row), length);
  for (let plane = 0; plane < SHAPE.planes; plane++) {
    const data = slab.past(plane, slab.rows);
    for (let head = 0; head < SHAPE.heads; head++) {
      for (let i = 0; i < length; i++) {
        const at = ((row * SHAPE.heads + head) * slab.capacity + i) * SHAPE.dim;
        assert.equal(data[at], mark(sequence, plane, head, i));
        assert.equal(data[at + 1], mark(sequence, plane, head, i));
      }
    }
  }
}

/** The `new_keys_values` of a decode step over the given sequences at the given positions. */
function stepOutput(rows: readonly (readonly [sequence: number, position: number])[]): Float32Array {
  const out: number[] = [];
  for (let plane = 0; plane < SHAPE.planes; plane++) {
    for (const [sequence, position] of rows) {
      for (let head = 0; head < SHAPE.heads; head++) {
        const value = mark(sequence, plane, head, position);
        out.push(value, value);
      }
    }
  }
  return Float32Array.from(out);
}

test('rows are joined from parts, grow step by step and keep their places', () => {
  const slab = new KvSlab(SHAPE);
  slab.addRow([sequenceView(1, 5), sequenceView(1, 3, 5, 7)]);
  slab.addRow([sequenceView(2, 62)]);
  assert.equal(slab.capacity, 64);
  const lengths = [8, 62];
  for (let step = 0; step < 80; step++) {
    slab.reserve(2, Math.max(...lengths) + 1);
    slab.append(
      stepOutput([
        [1, lengths[0]!],
        [2, lengths[1]!],
      ]),
    );
    lengths[0]! += 1;
    lengths[1]! += 1;
  }
  assertRow(slab, 0, 1, 88);
  assertRow(slab, 1, 2, 142);
  assert.equal(slab.capacity, 192);
});

test('of several positions each row takes as many as it has read', () => {
  const slab = new KvSlab(SHAPE);
  const lengths = [5, 62, 9];
  for (const [index, length] of lengths.entries()) slab.addRow([sequenceView(index + 1, length)]);
  const positions = 4;
  const output: number[] = [];
  for (let plane = 0; plane < SHAPE.planes; plane++) {
    for (const [index, length] of lengths.entries()) {
      for (let head = 0; head < SHAPE.heads; head++) {
        for (let step = -1; step < positions; step++) {
          const value = mark(index + 1, plane, head, length + step);
          output.push(value, value);
        }
      }
    }
  }
  slab.reserve(3, 66);
  slab.appendSeveral(Float32Array.from(output), { positions: positions + 1, skipped: 1 }, [1, 4, 0]);
  assertRow(slab, 0, 1, 6);
  assertRow(slab, 1, 2, 66);
  assertRow(slab, 2, 3, 9);
});

test('removing a row moves the last one into its place', () => {
  const slab = new KvSlab(SHAPE);
  for (const sequence of [1, 2, 3]) slab.addRow([sequenceView(sequence, 4 + sequence)]);
  assert.equal(slab.removeRow(0), 2);
  assertRow(slab, 0, 3, 7);
  assertRow(slab, 1, 2, 6);
  assert.equal(slab.removeRow(1), null);
  assertRow(slab, 0, 3, 7);
  assert.equal(slab.removeRow(0), null);
  assert.equal(slab.bytes, 0);
});

test('a cleared row leaves nothing behind for the row that takes its place', () => {
  const slab = new KvSlab(SHAPE);
  slab.addRow([sequenceView(1, 3)]);
  slab.addRow([sequenceView(2, 9)]);
  slab.past(0, 2).fill(Number.NaN, slab.past(0, 1).length);
  slab.clearRow(1);
  slab.removeRow(1);
  slab.addRow([sequenceView(3, 2)]);
  assertRow(slab, 1, 3, 2);
  assert.ok(slab.past(0, 2).every(Number.isFinite));
});

test('capacity shrinks when the long row has left', () => {
  const slab = new KvSlab(SHAPE);
  slab.addRow([sequenceView(1, 10)]);
  slab.addRow([sequenceView(2, 400)]);
  assert.equal(slab.capacity, 448);
  slab.removeRow(1);
  slab.reserve(1, 11);
  assert.equal(slab.capacity, 64);
  assertRow(slab, 0, 1, 10);
});

test('without memory for one of the larger planes nothing has changed', () => {
  let left = Number.POSITIVE_INFINITY;
  const slab = new KvSlab(SHAPE, (length) => {
    if (left-- === 0) throw new RangeError('Array buffer allocation failed');
    return new Float32Array(length);
  });
  slab.addRow([sequenceView(1, 40)]);
  slab.addRow([sequenceView(2, 50)]);
  const { bytes } = slab;
  for (let plane = 0; plane < SHAPE.planes; plane++) {
    left = plane;
    assert.throws(() => slab.reserve(3, 100), RangeError);
    assert.deepEqual([slab.capacity, slab.bytes], [64, bytes]);
    assertRow(slab, 0, 1, 40);
    assertRow(slab, 1, 2, 50);
  }
  left = Number.POSITIVE_INFINITY;
  slab.reserve(3, 100);
  assertRow(slab, 1, 2, 50);
});

test('bytesFor is what a slab of that size takes', () => {
  const slab = new KvSlab(SHAPE);
  for (let row = 0; row < 3; row++) slab.addRow([sequenceView(row, 100)]);
  assert.equal(slab.bytes, slab.bytesFor(3, 101));
  assert.equal(slab.bytes, 4 * 128 * SHAPE.planes * SHAPE.heads * SHAPE.dim * 4);
});

test('buckets: steps of 64, then an eighth of the power of two', () => {
  assert.deepEqual(
    [1, 64, 65, 512, 513, 1024, 1025, 2049].map(roundPositions),
    [64, 64, 128, 512, 640, 1024, 1280, 2560],
  );
});

test('longestRow is the longest that fits by itself', () => {
  const perPosition = SHAPE.planes * SHAPE.heads * SHAPE.dim * 4;
  assert.equal(longestRow(SHAPE, 1100 * perPosition, 5000), 1024);
  assert.equal(longestRow(SHAPE, 1100 * perPosition, 100), 100);
  assert.equal(longestRow(SHAPE, 63 * perPosition, 100), 0);
});

test('views of outputs and joined views hold the right positions', () => {
  const output = stepOutput([
    [1, 0],
    [2, 0],
  ]);
  const slab = new KvSlab(SHAPE);
  const row = viewOfOutput(output, SHAPE, { batch: 2, sequence: 1, row: 1, length: 1 });
  slab.addRow([concatViews(SHAPE, [row, sequenceView(2, 4, 1)])]);
  assertRow(slab, 0, 2, 5);
});

test('float16 takes half of the memory, as bit patterns that are moved as they are', () => {
  const shape: KvShape = { ...SHAPE, element: 'float16' };
  const plane = 3 * 16 * 2;
  const planes = Array.from({ length: 4 }, (_, at) =>
    Uint16Array.from({ length: plane }, (_, i) => at * 1000 + i),
  );
  const [slab, wide] = [new KvSlab(shape), new KvSlab(SHAPE)];
  slab.addRow([viewOfPlanes(planes, 16, 16)]);
  wide.addRow([sequenceView(1, 16)]);
  assert.equal(2 * slab.bytes, wide.bytes);
  const held = slab.past(1, 1);
  assert.ok(held instanceof Uint16Array);
  for (let head = 0; head < 3; head++) {
    const at = head * slab.capacity * 2;
    assert.deepEqual([...held.subarray(at, at + 32)], [...planes[1]!.subarray(head * 32, head * 32 + 32)]);
  }
});

test('of float16, infinities and NaN are not finite, wherever they stand', () => {
  const shape: KvShape = { ...SHAPE, element: 'float16' };
  const finite = new Float32Array(2 * 4 * 3 * 2).fill(65504);
  assert.ok(isFiniteView(shape, viewOfPositions(shape, finite, 2)));
  for (const value of [1e6, -1e6, Number.NaN]) {
    for (const at of [0, finite.length - 1]) {
      assert.ok(!isFiniteView(shape, viewOfPositions(shape, finite.with(at, value), 2)));
    }
  }
  assert.ok(isFiniteView(SHAPE, viewOfPositions(SHAPE, finite.fill(1e6), 2)));
});
