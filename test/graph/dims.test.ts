import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDims, broadcastShapes, checkShape, divideDims, multiplyDims } from '../../src/graph/dims.ts';
import { GraphError } from '../../src/graph/types.ts';

test('sums are collected and put in one order, so equal sizes are equal strings', () => {
  assert.equal(addDims(2, 3), 5);
  assert.equal(addDims('sequence', 'past'), 'past + sequence');
  assert.equal(addDims('past', 'sequence'), 'past + sequence');
  assert.equal(addDims('past + sequence', 'sequence', 1), 'past + 2*sequence + 1');
  assert.equal(addDims('past', 0), 'past');
});

test('products distribute over sums', () => {
  assert.equal(multiplyDims(), 1);
  assert.equal(multiplyDims(3, 'sequence', 'batch', 2), '6*batch*sequence');
  assert.equal(multiplyDims('batch', 'past + 2'), '2*batch + batch*past');
  assert.equal(multiplyDims('past', 0), 0);
  assert.equal(multiplyDims('past + 1', 'past + 1'), '2*past + past*past + 1');
});

test('division is exact or refused', () => {
  assert.equal(divideDims(12, 4), 3);
  assert.equal(divideDims('6*batch*sequence', '2*batch'), '3*sequence');
  assert.equal(divideDims('2*batch + batch*past', 'batch'), 'past + 2');
  assert.equal(divideDims('batch', 'batch'), 1);
  assert.equal(divideDims('3*batch', 2), null);
  assert.equal(divideDims('batch', 'sequence'), null);
  assert.equal(divideDims('batch', 'past + 1'), null);
  assert.equal(divideDims(1, 0), null);
});

test('shapes broadcast from the right, and a named size is not taken for 1', () => {
  assert.deepEqual(broadcastShapes(['batch', 3, 1], [4]), ['batch', 3, 4]);
  assert.deepEqual(broadcastShapes([1, 'past'], ['batch', 1]), ['batch', 'past']);
  assert.equal(broadcastShapes([2], [3]), null);
  assert.equal(broadcastShapes(['batch'], ['past']), null);
});

test('a shape holds whole numbers and canonical expressions only', () => {
  checkShape('x', [0, 'batch', 'past + sequence', '3*batch*sequence + 1']);
  for (const dim of [-1, 1.5, Number.NaN, '', 'sequence + past', '2', 'a+b', '1*a']) {
    assert.throws(() => checkShape('x', [dim]), GraphError, `accepted ${dim}`);
  }
});
