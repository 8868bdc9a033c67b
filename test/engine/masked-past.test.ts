import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepInputs } from '../../src/engine/backend.ts';
import { withPast } from '../../src/engine/masked-past.ts';
import { MASKED } from '../../src/model/bundle.ts';

const SHAPE = { planes: 4, heads: 2, dim: 3, element: 'float32' } as const;

const INPUTS: StepInputs = {
  batch: 2,
  sequence: 2,
  past: 0,
  embeds: new Float32Array(4),
  positionIds: BigInt64Array.of(0n, 1n, 0n, 1n),
  attentionBias: Float32Array.of(0, MASKED, 0, 0, 0, MASKED, 0, MASKED),
  pastPlanes: Array.from({ length: SHAPE.planes }, () => new Float32Array()),
  source: null,
  logitPositions: BigInt64Array.of(1n),
  bestRows: BigInt64Array.of(0n),
  scoredRows: new BigInt64Array(),
  scorePairs: new BigInt64Array(),
  wantsLogits: false,
  wantsHidden: false,
};

test('an empty past becomes one that nothing sees', () => {
  const { past, attentionBias, pastPlanes, ...others } = withPast(INPUTS, SHAPE);
  assert.equal(past, 16);
  assert.deepEqual(
    pastPlanes.map((plane) => [plane.length, plane.some((value) => value !== 0)]),
    Array.from({ length: SHAPE.planes }, () => [2 * SHAPE.heads * past * SHAPE.dim, false]),
  );
  const unseen = new Array<number>(past).fill(attentionBias[0]!);
  assert.deepEqual(
    [...attentionBias],
    [0, 1, 2, 3].flatMap((query) => [...unseen, ...INPUTS.attentionBias.subarray(2 * query, 2 * query + 2)]),
  );
  assert.ok(attentionBias[0]! <= MASKED);
  const { past: _, attentionBias: __, pastPlanes: ___, ...rest } = INPUTS;
  assert.deepEqual(others, rest);
});

test('a past that is there stays as it is', () => {
  const inputs = { ...INPUTS, past: 16 };
  assert.equal(withPast(inputs, SHAPE), inputs);
});

test('of a cache of float16 it is float16', () => {
  const { pastPlanes } = withPast(INPUTS, { ...SHAPE, element: 'float16' });
  assert.ok(pastPlanes.every((plane) => plane instanceof Uint16Array && plane.every((bits) => bits === 0)));
});
