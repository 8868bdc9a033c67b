import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { adafactor } from '../../src/training/optimisers/adafactor.ts';
import { adamW } from '../../src/training/optimisers/adamw.ts';
import { capRows, clipNorm, norm, rootMeanSquare } from '../../src/training/optimisers/norms.ts';
import type { Optimiser, Updated } from '../../src/training/optimisers/optimiser.ts';
import { scheduleFactor } from '../../src/training/optimisers/schedule.ts';
import { sgd } from '../../src/training/optimisers/sgd.ts';

interface Recorded {
  readonly start: number[];
  readonly gradients: number[][];
  readonly trajectories: Record<string, number[][]>;
  readonly clipped_to_1: number[][];
}
const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/torch/optimisers.json', import.meta.url), 'utf8'),
) as Recorded;

function assertClose(given: Float32Array, expected: readonly number[], tolerance = 2e-6): void {
  assert.equal(given.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(given[i]! - value) <= tolerance, `[${i}]: ${given[i]} instead of ${value}`);
  }
}

const CASES: readonly [string, Optimiser, number][] = [
  ['adamw', adamW({ beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.2 }), 0.1],
  ['sgd', sgd({ momentum: 0.9, weightDecay: 0.2 }), 0.1],
  ['sgd_plain', sgd(), 0.1],
  ['adafactor', adafactor({ weightDecay: 1e-2 }), 0.3],
];

for (const [name, optimiser, learningRate] of CASES) {
  test(`${name} takes the steps that torch recorded, and changes none of its arguments`, () => {
    let state: Updated = {
      parameters: Float32Array.from(recorded.start),
      slots: optimiser.init(recorded.start.length),
    };
    for (const [step, gradient] of recorded.gradients.entries()) {
      const before = structuredClone(state);
      const next = optimiser.update({ ...state, gradient: Float32Array.from(gradient), step, learningRate });
      assert.deepEqual(state, before);
      assertClose(next.parameters, recorded.trajectories[name]![step]!);
      state = next;
    }
  });
}

test('Adafactor stays finite where a squared gradient is smaller than float32 can hold', () => {
  const optimiser = adafactor();
  const { parameters } = optimiser.update({
    parameters: new Float32Array(2),
    gradient: Float32Array.of(1e-30, 0),
    slots: optimiser.init(2),
    step: 0,
    learningRate: 0.3,
  });
  assert.ok(parameters.every(Number.isFinite));
});

test('gradients are clipped as torch clips them', () => {
  for (const [i, gradient] of recorded.gradients.entries()) {
    assertClose(clipNorm(Float32Array.from(gradient), 1), recorded.clipped_to_1[i]!);
  }
  const gradient = Float32Array.of(3, 4);
  assert.equal(clipNorm(gradient, null), gradient);
  assert.equal(norm(gradient), 5);
  assert.ok(Math.abs(rootMeanSquare(gradient) - 5 / Math.SQRT2) < 1e-12);
});

test('rows beyond the cap are scaled to it, others stay', () => {
  const rows = Float32Array.of(3, 4, 0.3, 0.4);
  assertClose(capRows(rows, 2, 1), [0.6, 0.8, 0.3, 0.4]);
  assert.deepEqual([...rows], [3, 4, ...Float32Array.of(0.3, 0.4)]);
  assert.equal(capRows(rows, 2, null), rows);
});

test('schedules rise over the warm-up and fall to the end', () => {
  const at = (decay: 'constant' | 'linear' | 'cosine', step: number): number =>
    scheduleFactor({ decay, warmupSteps: 4, totalSteps: 12 }, step);
  for (const decay of ['constant', 'linear', 'cosine'] as const) {
    assert.deepEqual(
      [0, 1, 2, 4].map((step) => at(decay, step)),
      [0, 0.25, 0.5, 1],
    );
  }
  assert.equal(at('constant', 11), 1);
  assert.deepEqual(
    [6, 8, 12].map((step) => at('linear', step)),
    [0.75, 0.5, 0],
  );
  assert.ok(Math.abs(at('cosine', 8) - 0.5) < 1e-12);
  assert.ok(Math.abs(at('cosine', 12)) < 1e-12);
  assert.equal(scheduleFactor({ decay: 'linear', warmupSteps: 0, totalSteps: 10 }, 0), 1);
});
