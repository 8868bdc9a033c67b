import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/domain/random.ts';
import { DEFAULT_SAMPLING, type SamplingParams } from '../../src/domain/sampling.ts';
import { topTokens } from '../../src/engine/decoding/logprobs.ts';
import { argmax, Sampler } from '../../src/engine/decoding/sampler.ts';
import type { Prediction } from '../../src/engine/reading/results.ts';

function sampler(params: Partial<SamplingParams>, inputIds: readonly number[] = []): Sampler {
  return new Sampler({ ...DEFAULT_SAMPLING, seed: 1, ...params }, inputIds);
}

function all(logits: Float32Array): Prediction {
  return { kind: 'logits', logits };
}

/** How often each token is drawn from the same logits. */
function frequencies(params: Partial<SamplingParams>, logits: readonly number[], draws = 20_000): number[] {
  const counts = logits.map(() => 0);
  for (let seed = 0; seed < draws; seed++) {
    counts[sampler({ ...params, seed }).next(all(Float32Array.from(logits)))]! += 1;
  }
  return counts.map((count) => count / draws);
}

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  // Four standard deviations of 20,000 draws are at most 0.0142.
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(actual[i]! - value) < 0.0142, `${actual}`);
}

const LOGITS = [Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05)];

test('temperature 0 takes the highest logit, the lowest id among equals', () => {
  assert.equal(sampler({ temperature: 0 }).next(all(Float32Array.of(1, 3, 3, 2))), 1);
  assert.equal(argmax(Float32Array.of(Number.NEGATIVE_INFINITY, -2, -1)), 2);
});

test('draws follow softmax(logits / temperature)', () => {
  assertNear(frequencies({}, LOGITS), [0.5, 0.3, 0.15, 0.05]);
  const weights = [0.5, 0.3, 0.15, 0.05].map((p) => p ** 2);
  const sum = weights.reduce((a, b) => a + b);
  assertNear(
    frequencies({ temperature: 0.5 }, LOGITS),
    weights.map((weight) => weight / sum),
  );
});

test('top-k, top-p and both renormalise what is left', () => {
  assertNear(frequencies({ topK: 2 }, LOGITS), [0.625, 0.375, 0, 0]);
  assertNear(frequencies({ topP: 0.7 }, LOGITS), [0.625, 0.375, 0, 0]);
  assertNear(frequencies({ topP: 0.01 }, LOGITS), [1, 0, 0, 0]);
  // Top-p counts within the top-k: 0.5 / 0.95 = 0.526 < 0.6 needs a second token.
  assertNear(frequencies({ topK: 3, topP: 0.6 }, LOGITS), [0.625, 0.375, 0, 0]);
  assertNear(frequencies({ topK: 1000 }, LOGITS), [0.5, 0.3, 0.15, 0.05]);
});

test('top-k takes the k best of many, the lower ids among equals', () => {
  const logits = Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5000) / 1000);
  const allowed = new Set(
    logits
      .map((logit, id) => ({ logit, id }))
      .sort((a, b) => b.logit - a.logit)
      .slice(0, 10)
      .map(({ id }) => id),
  );
  for (let seed = 0; seed < 200; seed++) {
    assert.ok(
      allowed.has(sampler({ topK: 10, temperature: 100, seed }).next(all(Float32Array.from(logits)))),
    );
  }
  assert.deepEqual(
    frequencies({ topK: 2 }, [1, 1, 1, 1], 500).map((share) => share > 0),
    [true, true, false, false],
  );
});

test('the repetition penalty moves tokens of input and output towards less likely', () => {
  const penalised = sampler({ temperature: 0, repetitionPenalty: 2 }, [0, 3]);
  assert.equal(penalised.next(all(Float32Array.of(3, 2, 0, -1))), 1, '3 / 2 < 2');
  assert.equal(penalised.next(all(Float32Array.of(3, 2, 1.2, -1))), 0, '1 was just chosen: 2 / 2 < 3 / 2');
  assert.equal(
    sampler({ temperature: 0, repetitionPenalty: 2 }, [0]).next(all(Float32Array.of(-1, -1.5))),
    1,
  );
});

test('the smallest penalty and temperature still draw a token', () => {
  const params: Partial<SamplingParams>[] = [
    { topK: 2 },
    { topP: 0.5 },
    { topK: 2, topP: 0.5 },
    {},
    { temperature: 0 },
    { temperature: Number.MIN_VALUE, topK: 3 },
  ];
  for (const given of params) {
    const drawn = sampler({ temperature: 1, repetitionPenalty: Number.MIN_VALUE, ...given }, [1, 2, 3]);
    const id = drawn.next(all(Float32Array.of(5, 1, 2, -3)));
    // Tokens 1 and 2 are both as likely as can be.
    assert.ok(id === 1 || id === 2, `${JSON.stringify(given)}: ${id}`);
  }
});

test('presence counts once, frequency counts every time, and the input not at all', () => {
  const presence = sampler({ temperature: 0, presencePenalty: 1 }, [0]);
  assert.deepEqual(
    [1, 2, 3].map(() => presence.next(all(Float32Array.of(2, 1.5, 0)))),
    [0, 1, 0],
  );
  const frequency = sampler({ temperature: 0, frequencyPenalty: 0.6 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => frequency.next(all(Float32Array.of(2, 1, 0)))),
    [0, 0, 1, 0],
  );
});

test('the same seed draws the same tokens, another seed others', () => {
  const draw = (seed: number): number[] => {
    const one = sampler({ seed });
    return Array.from({ length: 40 }, () => one.next(all(Float32Array.from(LOGITS))));
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.notDeepEqual(draw(7), draw(7 + 2 ** 32));
});

test('uniform numbers lie in [0, 1) with the mean and variance of a uniform distribution', () => {
  const random = new Random(42);
  const values = Array.from({ length: 100_000 }, () => random.next());
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean - 0.5) < 0.004 && Math.abs(variance - 1 / 12) < 0.002);
});

test('the best tokens alone give the same choice as all logits, where they are enough', () => {
  const random = new Random(3);
  const vocab = 500;
  const count = 64;
  const kinds: Partial<SamplingParams>[] = [
    { temperature: 0 },
    { temperature: 0, topK: 5, topP: 0.5 },
    { topK: 1 },
    { topK: 64, temperature: 3 },
    { topK: 40, topP: 0.9, temperature: 0.7 },
    { topK: 20, topP: 0.05 },
  ];
  for (let seed = 0; seed < 300; seed++) {
    // Halves make ties.
    const logits = Float32Array.from({ length: vocab }, () => Math.round(random.next() * 30) / 2);
    const best = topTokens(logits, count);
    for (const params of kinds) {
      const one = sampler({ ...params, seed });
      assert.ok(one.needsOnlyBest(count));
      const id = one.next({
        kind: 'best',
        best: {
          logits: Float32Array.from(best, ({ logit }) => logit),
          tokens: BigInt64Array.from(best, (token) => BigInt(token.id)),
        },
      });
      assert.equal(id, sampler({ ...params, seed }).next(all(logits.slice())), JSON.stringify(params));
    }
  }
});

test('penalties, no top-k and a large top-k need all logits', () => {
  for (const params of [
    {},
    { topP: 0.5 },
    { topK: 65 },
    { temperature: 0, repetitionPenalty: 1.1 },
    { temperature: 0, presencePenalty: 0.1 },
    { topK: 5, frequencyPenalty: -0.1 },
  ]) {
    assert.equal(sampler(params).needsOnlyBest(64), false);
  }
});
