import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, pairedRatio, percentile, spread } from '../../bench/statistics.ts';

test('the median of an odd and of an even number of values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), RangeError);
});

test('a percentile lies between its neighbours', () => {
  assert.equal(percentile([10, 20], 75), 17.5);
  assert.equal(percentile([5, 1, 9], 0), 1);
  assert.equal(percentile([5, 1, 9], 100), 9);
});

test('a spread is the median with the range', () => {
  assert.deepEqual(spread([2, 8, 3]), { value: 3, low: 2, high: 8 });
});

test('a paired ratio is that of the medians, its range that of the rounds', () => {
  // The machine was half as fast in the second round: the ratio of each round stays 2.
  assert.deepEqual(pairedRatio([10, 5, 12], [5, 2.5, 6]), { value: 2, low: 2, high: 2 });
});
