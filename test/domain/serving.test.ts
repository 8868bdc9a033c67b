import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertServingPlan,
  decodePlan,
  drawVersion,
  encodePlan,
  type ServingPlan,
} from '../../src/domain/serving.ts';

const shares = [
  { version: 3, weight: 0.7 },
  { version: 1, weight: 0.2 },
  { version: 9, weight: 0.1 },
];

test('a split draws each version as often as it weighs, and the same place always the same one', () => {
  const counts = new Map<number, number>();
  const draws = 1000;
  for (let i = 0; i < draws; i++) {
    const version = drawVersion(shares, i / draws);
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  for (const { version, weight } of shares) {
    const count = counts.get(version)!;
    assert.ok(Math.abs(count - weight * draws) <= 1, `version ${version}: ${count}`);
  }
  assert.equal(drawVersion(shares, 1 - 2 ** -32), 9);
  // Weights whose sum is a little less than 1 leave no place where nobody answers.
  assert.equal(
    drawVersion(
      [
        { version: 1, weight: 1 / 3 },
        { version: 2, weight: 2 / 3 - 1e-7 },
      ],
      1 - 1e-12,
    ),
    2,
  );
});

test('a plan is the same after it was written and read', () => {
  const plans: ServingPlan[] = [
    { type: 'version', version: 2, shadow: 1 },
    { type: 'ensemble', versions: [2, 1], shadow: null },
    { type: 'split', shares, shadow: 4 },
  ];
  for (const plan of plans) assert.deepEqual(decodePlan(encodePlan(plan)), plan);
});

test('thirds may be rounded, other sums are refused with their value', () => {
  const thirds = [1, 2, 3].map((version) => ({ version, weight: 0.3333333 }));
  assertServingPlan({ type: 'split', shares: thirds, shadow: null });
  const short = shares.slice(1);
  assert.throws(() => assertServingPlan({ type: 'split', shares: short, shadow: null }), {
    code: 'invalid_serving_plan',
    message: 'The weights add up to 0.3, not to 1.',
  });
});
