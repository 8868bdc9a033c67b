import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dequantize } from '../../src/model/dequantize.ts';
import { quantizeBlocks, quantizeRows } from '../../src/model/quantize.ts';
import { randomNumbers } from '../families/weight-file.ts';

const random = randomNumbers(3);
/** Roughly normal, as weights are. */
const values = Float32Array.from({ length: 64 * 32 }, () => random() + random() + random());

const squaredError = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);

test('rows: the largest magnitude gets code 127 or -127, nothing is off by more than half a step', () => {
  const { codes, scales } = quantizeRows(values, 64);
  for (let row = 0; row < scales.length; row++) {
    const rowCodes = codes.subarray(row * 64, (row + 1) * 64);
    assert.equal(Math.max(...rowCodes.map(Math.abs)), 127);
    for (const [i, code] of rowCodes.entries()) {
      assert.ok(Math.abs(code * scales[row]! - values[row * 64 + i]!) <= scales[row]! * 0.5001);
    }
  }
});

test('8-bit blocks of values on a grid of 255 steps come back exactly', () => {
  const grid = Float32Array.from(
    { length: 64 },
    (_, i) => (i % 32 === 0 ? 127 : ((i * 37) % 255) - 127) / 64,
  );
  assert.deepEqual(dequantize(quantizeBlocks(grid, 8, 32)), grid);
});

test('4-bit blocks of values on a grid of 16 steps come back', () => {
  const grid = Float32Array.from({ length: 64 }, (_, i) => ((i * 7) % 16) * 0.25 - 1);
  const given = dequantize(quantizeBlocks(grid, 4, 32));
  for (const [i, value] of grid.entries()) assert.ok(Math.abs(given[i]! - value) < 1e-6);
});

test('4-bit blocks lose less than the plain range of each block would', () => {
  const plain = values.map((value, i) => {
    const block = values.subarray(i - (i % 32), i - (i % 32) + 32);
    const lowest = Math.min(...block);
    const step = (Math.max(...block) - lowest) / 15;
    return lowest + step * Math.round((value - lowest) / step);
  });
  const blocks = quantizeBlocks(values, 4, 32);
  assert.ok(squaredError(values, dequantize(blocks)) < 0.95 * squaredError(values, plain));
  assert.ok(blocks.codes.every((code) => code >= 0 && code <= 15));
});

test('blocks of one value, of zeros and of an outlier', () => {
  for (const bits of [4, 8] as const) {
    const constant = new Float32Array(32).fill(0.75);
    assert.deepEqual(dequantize(quantizeBlocks(constant, bits, 32)), constant);
    const zeros = new Float32Array(32);
    assert.deepEqual(dequantize(quantizeBlocks(zeros, bits, 32)), zeros);
    const outlier = new Float32Array(32);
    outlier[5] = -1000;
    const given = dequantize(quantizeBlocks(outlier, bits, 32));
    assert.ok(Math.abs(given[5]! + 1000) < 1 && Math.abs(given[6]!) < 1, `${given}`);
  }
});
