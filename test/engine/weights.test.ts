import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exponentiate } from '../../src/engine/decoding/weights.ts';

test('weights are those of Math.exp, over all that logits can be', () => {
  const logits = Float32Array.from({ length: 60_000 }, (_, i) => 30 - (i / 60_000) * 690 + Math.sin(i));
  const max = Math.max(...logits);
  const weights = logits.slice();
  const total = exponentiate(weights);
  let sum = 0;
  for (const [id, logit] of logits.entries()) {
    const exact = Math.exp(logit - max);
    sum += exact;
    // They lie in float32, which is right to 6e-8; very small ones have fewer bits there.
    assert.ok(
      Math.abs(weights[id]! - exact) <= 1e-7 * exact + 1e-44,
      `${logit}: ${weights[id]}, not ${exact}`,
    );
  }
  assert.ok(Math.abs(total - sum) <= 1e-8 * sum, `${total}, not ${sum}`);
});

test('what is infinitely unlikely weighs nothing, and a NaN is not hidden', () => {
  const weights = Float32Array.of(Number.NEGATIVE_INFINITY, 3, -2000);
  assert.equal(exponentiate(weights), 1);
  assert.deepEqual([...weights], [0, 1, 0]);
  assert.ok(Number.isNaN(exponentiate(Float32Array.of(1, Number.NaN))));
});
