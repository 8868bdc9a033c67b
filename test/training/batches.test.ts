import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochBatches, evaluationBatches } from '../../src/training/batches.ts';

const LENGTHS = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 300 });
const SIZE = fc.integer({ min: 1, max: 20 });

test('every row comes once an epoch, in batches of the size asked for', () => {
  fc.assert(
    fc.property(LENGTHS, SIZE, fc.nat(5), (lengths, batchSize, epoch) => {
      for (const batches of [
        epochBatches(lengths, { batchSize, seed: 1 }, epoch),
        evaluationBatches(lengths, batchSize),
      ]) {
        assert.deepEqual(
          batches.flat().toSorted((a, b) => a - b),
          lengths.map((_, index) => index),
        );
        assert.equal(batches.length, Math.ceil(lengths.length / batchSize));
        assert.ok(batches.every(({ length }) => length >= 1 && length <= batchSize));
      }
    }),
  );
});

test('the order follows from seed and epoch alone', () => {
  const lengths = Array.from({ length: 100 }, (_, i) => 1 + (i % 7));
  const order = (seed: number, epoch: number) => epochBatches(lengths, { batchSize: 8, seed }, epoch);
  assert.deepEqual(order(1, 0), order(1, 0));
  assert.notDeepEqual(order(1, 0), order(1, 1));
  assert.notDeepEqual(order(1, 0), order(2, 0));
});

test('rows of like length share a batch', () => {
  const lengths = Array.from({ length: 256 }, (_, i) => 1 + ((i * 37) % 64));
  const padding = epochBatches(lengths, { batchSize: 16, seed: 3 }, 0)
    .map((rows) => rows.map((row) => lengths[row]!))
    .reduce((sum, batch) => sum + batch.reduce((s, length) => s + Math.max(...batch) - length, 0), 0);
  assert.ok(padding / 256 < 2.5, `${padding / 256} tokens of padding a row`);
});
