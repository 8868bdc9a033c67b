/** 1 / ln 2, and ln 2 in two parts of which the first has few bits: their products with small integers are exact. */
const LOG2_E = 1 / Math.LN2;
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = Math.LN2 - LN2_HIGH;

/** Below this a weight is 0: next to the largest, which is 1, it would be lost in any sum. */
const LEAST = -700;

/** 2^-n by n. */
const POWERS = Float64Array.from({ length: 1024 }, (_, n) => 2 ** -n);

/**
 * Puts exp(logit - max) in the place of each logit [vocab]; returns their sum. A vocabulary for each member and token is
 * too much for `Math.exp`: the exponential is a polynomial on [-ln 2 / 2, ln 2 / 2], right to 1e-9 of its value.
 */
export function exponentiate(logits: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) if (logits[id]! > max) max = logits[id]!;
  let total = 0;
  for (let id = 0; id < logits.length; id++) {
    const x = logits[id]! - max;
    if (x < LEAST) {
      logits[id] = 0;
      continue;
    }
    // x is not positive, so cutting off is rounding down.
    const n = (0.5 - x * LOG2_E) | 0;
    const r = x + n * LN2_HIGH + n * LN2_LOW;
    const series =
      1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r / 5040))))));
    const weight = series * POWERS[n]!;
    logits[id] = weight;
    total += weight;
  }
  return total;
}
