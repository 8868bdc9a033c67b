import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfToFloat, LARGEST_HALF, toHalves } from '../../src/model/half.ts';

const finite = Array.from({ length: 0x10000 }, (_, bits) => bits).filter(
  (bits) => (bits & 0x7c00) !== 0x7c00,
);

const toHalf = (value: number): number => toHalves(Float32Array.of(value))[0]!;

test('every finite half is itself, with its sign', () => {
  assert.deepEqual([...toHalves(Float32Array.from(finite, halfToFloat))], finite);
});

test('between two halves the nearer one is taken, and the even one half way', () => {
  const positive = finite.filter((bits) => bits < 0x8000);
  for (const [index, bits] of positive.entries()) {
    const [low, high] = [halfToFloat(bits), index + 1 < positive.length ? halfToFloat(bits + 1) : 2 ** 16];
    const middle = (low + high) / 2;
    const up = bits + 1;
    const even = bits % 2 === 0 ? bits : up;
    for (const sign of [1, -1]) {
      const signed = (half: number): number => half + (sign < 0 ? 0x8000 : 0);
      const near = (high - low) / 64;
      assert.equal(toHalf(sign * (middle - near)), signed(bits));
      assert.equal(toHalf(sign * middle), signed(even));
      assert.equal(toHalf(sign * (middle + near)), signed(up));
    }
  }
});

test('what is beyond the largest half is infinite, and NaN stays NaN', () => {
  assert.equal(halfToFloat(toHalf(LARGEST_HALF)), LARGEST_HALF);
  assert.equal(halfToFloat(toHalf(65519)), LARGEST_HALF);
  for (const value of [65520, 1e30, Number.POSITIVE_INFINITY]) {
    assert.equal(halfToFloat(toHalf(value)), Number.POSITIVE_INFINITY);
    assert.equal(halfToFloat(toHalf(-value)), Number.NEGATIVE_INFINITY);
  }
  assert.ok(Number.isNaN(halfToFloat(toHalf(Number.NaN))));
});
