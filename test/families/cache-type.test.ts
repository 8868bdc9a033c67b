import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cached, fromCache } from '../../src/families/cache-type.ts';
import { createGraph, input, type Result } from '../../src/graph/index.ts';
import { floats, runGraph } from '../graph/run-graph.ts';

const SHAPE = [1, 1, 'sequence', 2] as const;
const keys = input('keys', 'float32', SHAPE);
const values = input('values', 'float32', SHAPE);

test('attention reads keys and values of float16 as the cache holds them', async () => {
  const held = cached({ keys, values }, 'float16');
  assert.deepEqual([held.keys.dtype, held.values.dtype], ['float16', 'float16']);
  const graph = createGraph([keys, values], {
    read_keys: fromCache(held.keys) as Result,
    read_values: fromCache(held.values) as Result,
  });
  const dims = [1, 1, 3, 2];
  const outputs = await runGraph(graph, {
    keys: floats(dims, [1.0004, -2, 3, -70000, 5, 6]),
    values: floats(dims, [1.0006, 0, 1, 2, -65504, 1e30]),
  });
  assert.deepEqual(outputs.read_keys!.data, [1, -2, 3, Number.NEGATIVE_INFINITY, 5, 6]);
  const [near, zero, besideFinite, besideInfinite, largest, beyond] = outputs.read_values!.data;
  assert.deepEqual([near, zero, besideFinite], [1 + 2 ** -10, 0, 1]);
  assert.ok(Number.isNaN(besideInfinite), 'a key that is lost is told by its value');
  assert.deepEqual([largest, beyond], [-65504, Number.POSITIVE_INFINITY]);
});

test('keys and values of float32 stay what they are', () => {
  assert.deepEqual(cached({ keys, values }, 'float32'), { keys, values });
  assert.equal(fromCache(keys), keys);
});
