import {
  abs,
  add,
  div,
  matMul,
  matMulInteger,
  matMulNBits,
  matMulTransposed,
  max,
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

/** Keeps the division finite for a row of zeros; such a row quantises to zeros. */
const SMALLEST_ROW_MAXIMUM = 1e-30;

/**
 * W8A8 with one activation scale a row: s = max|row| / 127, y = s * (round(row / s) x W). The scale is a row's
 * own, so a row never depends on its batch. Layers that read the same x share the quantised x.
 */
function rowwiseInt8(x: Value, weight: Value, scales: Value): Result {
  const rowMaximum = max(reduceMax(abs(x), [-1]), scalar(SMALLEST_ROW_MAXIMUM));
  const rowScale = mul(rowMaximum, scalar(1 / 127));
  return mul(matMulInteger(quantize(div(x, rowScale)), weight, scales), rowScale);
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
  const keep = x.shape.slice(1).map(() => 0);
  const blockSums = reduceSum(reshape(x, [...keep, blocks, blockSize]), [-1], false);
  return add(product, matMul(blockSums, storedTensor(`${name}.offsets`, offsets, 'float32', [blocks, n])));
}

function product(x: Value, linear: Linear): Result {
  const { name, inSize, outSize, weight } = linear;
  switch (weight.format) {
    case 'float32':
      return matMulTransposed(x, storedTensor(`${name}.weight`, weight.weight, 'float32', [outSize, inSize]));
    case 'rowwise-int8':
      return rowwiseInt8(
        x,
        storedTensor(`${name}.weight`, weight.weight, 'int8', [inSize, outSize]),
        storedTensor(`${name}.scales`, weight.scales, 'float32', [outSize]),
      );
    case 'blockwise':
      return blockwise(x, linear, weight);
  }
}

/** y = x W^T + bias for x float32 [..., inSize] of rank 2 or more; y is [..., outSize]. */
export function applyLinear(x: Value, linear: Linear): Result {
  const y = product(x, linear);
  return linear.bias === null ? y : add(y, linear.bias);
}
