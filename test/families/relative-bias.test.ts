import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyPositions } from '../../src/families/positions.ts';
import { relativeBias, relativeBuckets } from '../../src/families/relative-bias.ts';
import { float32, input, type Result } from '../../src/graph/index.ts';
import { evaluate, floats, ints } from '../graph/run-graph.ts';

/** The first distance of each bucket, looking back: transformers 5.17, `T5Attention._relative_position_bucket`. */
const RECORDED = [
  {
    bidirectional: true,
    buckets: 32,
    maxDistance: 128,
    firsts: [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91],
  },
  { bidirectional: true, buckets: 8, maxDistance: 20, firsts: [0, 1, 2, 7] },
  {
    bidirectional: false,
    buckets: 32,
    maxDistance: 128,
    firsts: [
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67,
      77, 87, 99, 113,
    ],
  },
  { bidirectional: false, buckets: 8, maxDistance: 20, firsts: [0, 1, 2, 3, 4, 6, 9, 14] },
];

for (const { firsts, ...options } of RECORDED) {
  const { bidirectional, buckets, maxDistance } = options;
  test(`${buckets} buckets to ${maxDistance}, ${bidirectional ? 'both ways' : 'looking back'}`, () => {
    const all = relativeBuckets(options);
    const backwards = all.slice(0, maxDistance + 1).reverse();
    assert.deepEqual(
      firsts.map((distance) => backwards[distance]),
      firsts.map((_, bucket) => bucket),
    );
    assert.deepEqual(
      firsts.slice(1).map((distance) => backwards[distance - 1]),
      firsts.slice(1).map((_, bucket) => bucket),
    );
    const forwards = all.slice(maxDistance + 1);
    const expected = backwards.slice(1).map((bucket) => (bidirectional ? bucket + buckets / 2 : 0));
    assert.deepEqual(forwards, expected);
  });
}

test('a head adds the number of the bucket of each distance, beyond the largest that of the end', async () => {
  const keys = input('keys', 'int64', [1, 4]);
  const queries = input('queries', 'int64', [1, 2]);
  const options = { buckets: 8, maxDistance: 20, bidirectional: true };
  // Head 0 adds the bucket's number, head 1 its negative.
  const table = Array.from({ length: 8 }, (_, bucket) => [bucket, -bucket]).flat();
  const bias = relativeBias(keys, queries, float32(table, [8, 2]), options) as Result;
  const output = await evaluate([keys, queries], bias, {
    keys: ints([1, 4], [0, 1, 9, 100]),
    queries: ints([1, 2], [1, 50]),
  });
  const head = [1, 0, 7, 7, 3, 3, 3, 7];
  assert.deepEqual(output.dims, [1, 2, 2, 4]);
  assert.deepEqual([...output.data], [...head, ...head.map((bucket) => -bucket)]);
});

test('keys count the slots of the past, then the positions of the new tokens', async () => {
  const past = input('past', 'float32', ['batch', 1, 'past', 2]);
  const positions = input('positions', 'int64', ['batch', 'sequence']);
  const keys = keyPositions(past, positions) as Result;
  const output = await evaluate([past, positions], keys, {
    past: floats([2, 1, 3, 2], Array(12).fill(0)),
    positions: ints([2, 2], [3, 4, 1, 2]),
  });
  assert.deepEqual(output.dims, [2, 5]);
  assert.deepEqual(Array.from(output.data, Number), [0, 1, 2, 3, 4, 0, 1, 2, 1, 2]);
});
