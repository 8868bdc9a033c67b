import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gammaInterval, powerLaw, seededRandom, shuffled } from '../../bench/random.ts';

const DRAWS = 20_000;

test('Gamma intervals have the rate and the coefficient of variation that were asked for', () => {
  for (const cv of [0.5, 1, 2]) {
    const random = seededRandom(1);
    const values = Array.from({ length: DRAWS }, () => gammaInterval(random, 4, cv));
    const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS;
    assert.ok(Math.abs(mean - 0.25) < 0.02, `mean ${mean}`);
    assert.ok(Math.abs(Math.sqrt(variance) / mean - cv) < 0.1 * cv, `cv ${Math.sqrt(variance) / mean}`);
  }
});

test('popularity falls as 1/rank', () => {
  const draw = powerLaw(seededRandom(2), 100);
  const counts = Array<number>(100).fill(0);
  for (let i = 0; i < DRAWS; i++) counts[draw()]!++;
  assert.ok(Math.abs(counts[0]! / counts[1]! - 2) < 0.3, `${counts[0]} and ${counts[1]}`);
  assert.ok(counts[99]! > 0);
});

test('a shuffled list holds the same items', () => {
  const order = shuffled(seededRandom(3), [1, 2, 3, 4, 5]);
  assert.notDeepEqual(order, [1, 2, 3, 4, 5]);
  assert.deepEqual(order.toSorted(), [1, 2, 3, 4, 5]);
});
