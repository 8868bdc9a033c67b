import {
  abs,
  add,
  div,
  gemm,
  matMul,
  matMulInteger,
  matMulNBits,
  mul,
  quantize,
  type Result,
  reduceMax,
  reduceSum,
  reshape,
  scalar,
  type Value,
} from '../graph/index.ts';
import type { LinearWeight } from './decoder.ts';
import { storedTensor } from './weights.ts';

/** A linear layer y = x W^T + bias, its weight in any of the stored formats. */
export interface Linear {
  /** Name of the layer; its tensors are named after it. */
  readonly name: string;
  readonly inSize: number;
  readonly outSize: number;
  readonly weight: LinearWeight;
  readonly bias: Value | null;
}

/** Keeps the division finite for a row of zeros, which quantises to zeros; too small to change another row. */
const TINY = 1e-30;

/**
 * W8A8 with one activation scale a row: s = max|row| / 127, y = s * (round(row / s) x W). The scale is a row's
 * own, so a row never depends on its batch. Layers that read the same x share the quantised x. The 1/127 stands
 * in the constants of the two quantised ops, which saves an op.
 */
function rowwiseInt8(x: Value, weight: Value, scales: Value): Result {
  const rowMaximum = add(reduceMax(abs(x), [-1]), scalar(TINY));
  return mul(matMulInteger(quantize(div(x, rowMaximum), 1 / 127), 1 / 127, weight, scales), rowMaximum);
}

function blockwise(x: Value, linear: Linear, weight: Extract<LinearWeight, { format: 'blockwise' }>): Result {
  const { name, inSize: k, outSize: n } = linear;
  const { bits, blockSize, offsets } = weight;
  const blocks = Math.ceil(k / blockSize);
  const packed = storedTensor(`${name}.weight`, weight.weight, 'uint8', [n, blocks, (blockSize * bits) / 8]);
  const scales = storedTensor(`${name}.scales`, weight.scales, 'float32', [n * blocks]);
  const product = matMulNBits(x, packed, scales, { k, n, bits, blockSize, accuracyLevel: 4 });
  if (offsets === null) return product;
  // sum over a block of x * (scale * q + offset): the offset takes only the block's sum of x.
  const blockSums = reduceSum(reshape(x, [0, blocks, blockSize]), [-1], false);
  return add(product, matMul(blockSums, storedTensor(`${name}.offsets`, offsets, 'float32', [blocks, n])));
}

/** y = x W^T + bias for x float32 [rows, inSize]; y is [rows, outSize]. */
export function applyLinear(x: Value, linear: Linear): Result {
  const { name, inSize, outSize, weight, bias } = linear;
  const withBias = (y: Result): Result => (bias === null ? y : add(y, bias));
  switch (weight.format) {
    case 'float32':
      return gemm(x, storedTensor(`${name}.weight`, weight.weight, 'float32', [outSize, inSize]), bias);
    case 'rowwise-int8': {
      const integers = storedTensor(`${name}.weight`, weight.weight, 'int8', [inSize, outSize]);
      const scales = storedTensor(`${name}.scales`, weight.scales, 'float32', [outSize]);
      return withBias(rowwiseInt8(x, integers, scales));
    }
    case 'blockwise':
      return withBias(blockwise(x, linear, weight));
  }
}
