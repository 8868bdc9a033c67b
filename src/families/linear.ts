import {
  abs,
  add,
  cast,
  concat,
  dequantize,
  div,
  float32,
  gemm,
  int64,
  matMul,
  matMulInteger,
  matMulNBits,
  mul,
  quantize,
  type Result,
  reduceMax,
  reduceSum,
  reshape,
  rmsNormalize,
  scalar,
  split,
  sub,
  toFloat,
  type Value,
} from '../graph/index.ts';
import type { LinearWeight, StoredTensor, WeightCatalog } from './decoder.ts';
import { findLinear, findVector, storedTensor } from './weights.ts';

/** A linear layer y = x W^T + bias, its weight in any of the stored formats. */
export interface Linear {
  /** Name of the layer; its tensors are named after it. */
  readonly name: string;
  readonly inSize: number;
  readonly outSize: number;
  readonly weight: LinearWeight;
  readonly bias: Value | null;
}

/** x = unit * (256 * high + low) * rowScale with bytes around 128; `both` stacks the rows of high over those of low. */
interface SixteenBits {
  readonly high: Value;
  readonly both: Value;
  readonly unit: Value;
  /** float32 [rows, 1], or null where it is 1: its inverse. */
  readonly inverseRowScale: Value | null;
}

/** The largest magnitude in units, a little less than 127 * 256 + 127: nothing saturates. */
const LARGEST = 127 * 256;
/** Keeps a row of zeros at zeros; too small to change another row. */
const TINY = 1e-30;

/**
 * Rounds each row of x to 16 bits in two bytes. The scale is known beforehand, or a row's own: so a row never depends on
 * its batch. Layers that read the same x share all of this.
 */
function sixteenBits(x: Value, gain: Value | null, size: number): SixteenBits {
  let values = x;
  let inverseRowScale: Value | null = null;
  let unit: Value = scalar(Math.sqrt(size) / LARGEST);
  if (gain === null) {
    // Divided by its root mean square, no element of a row exceeds sqrt(size).
    [values, inverseRowScale] = rmsNormalize(x, float32(new Float32Array(size).fill(1)), TINY);
  } else {
    unit = mul(reduceMax(abs(gain), [0], false), unit);
  }
  const highUnit = mul(unit, scalar(256));
  const high = quantize(values, highUnit);
  const low = quantize(sub(values, dequantize(high, highUnit)), unit);
  return { high, both: concat([high, low], 0), unit, inverseRowScale };
}

type RowwiseWeight = Extract<LinearWeight, { format: 'rowwise-int8' }>;

/** The operands of one product. */
interface RowwiseOperands {
  readonly outSize: number;
  readonly codes: Value;
  readonly scales: Value;
  readonly residual: Value | null;
}

function rowwiseOperands({ name, inSize, outSize }: Linear, weight: RowwiseWeight): RowwiseOperands {
  const matrix = (part: string, tensor: StoredTensor): Value =>
    storedTensor(`${name}.${part}`, tensor, 'int8', [inSize, outSize]);
  return {
    outSize,
    codes: matrix('weight', weight.weight),
    scales: storedTensor(`${name}.scales`, weight.scales, 'float32', [outSize]),
    residual: weight.residual && matrix('residual', weight.residual),
  };
}

function rowwiseInt8(x: Value, gain: Value | null, operands: RowwiseOperands): Result {
  const { outSize, codes, scales, residual } = operands;
  const { high, both, unit, inverseRowScale } = sixteenBits(x, gain, x.shape.at(-1) as number);
  // One product for both bytes, so that the weight is read once; then 256 * high + low as a product of its own.
  const products = matMulInteger(both, unit, codes, scales);
  const sums = matMul(float32([256, 1], [1, 2]), reshape(products, [2, -1]));
  let y: Result = reshape(sums, [-1, outSize]);
  if (residual !== null) y = add(y, matMulInteger(high, unit, residual, scales));
  return inverseRowScale === null ? y : div(y, inverseRowScale);
}

/** Several layers side by side; ONNX Runtime joins the constants when it loads the graph. */
function joined(parts: readonly RowwiseOperands[]): RowwiseOperands {
  const residuals = parts.flatMap(({ residual }) => (residual === null ? [] : [residual]));
  return {
    outSize: parts.reduce((sum, { outSize }) => sum + outSize, 0),
    codes: concat(
      parts.map(({ codes }) => codes),
      1,
    ),
    scales: concat(
      parts.map(({ scales }) => scales),
      0,
    ),
    residual: residuals.length === 0 ? null : concat(residuals, 1),
  };
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

/** x = scale * half. */
interface Halves {
  /** float16, of x's shape. */
  readonly half: Value;
  /** float32 [rows, 1], or null where it is 1. */
  readonly scale: Value | null;
}

/**
 * x as float16, which holds numbers up to 65504. Behind a norm none of x is near that. Any other row is divided by its
 * largest magnitude: then neither x nor a sum of its products, which is at most the sum of the weights' magnitudes,
 * becomes infinite, whatever the model's activations are. Layers that read the same x share all of this.
 */
function halves(x: Value, gain: Value | null): Halves {
  if (gain !== null) return { half: cast(x, 'float16'), scale: null };
  const scale = add(reduceMax(abs(x), [-1], true), scalar(TINY));
  return { half: cast(div(x, scale), 'float16'), scale };
}

function float16Product(
  { half, scale }: Halves,
  { name, inSize, outSize }: Linear,
  weight: StoredTensor,
): Result {
  const product = gemm(half, storedTensor(`${name}.weight`, weight, 'float16', [outSize, inSize]));
  const y = toFloat(product);
  return scale === null ? y : mul(y, scale);
}

/**
 * y = x W^T + bias for x float32 [rows, inSize]; y is [rows, outSize].
 *
 * @param gain the learned scale of the RMSNorm that made x, float32 [inSize]; null for any other x. It bounds x: no
 *   element exceeds sqrt(inSize) times the largest gain.
 */
export function applyLinear(x: Value, linear: Linear, gain: Value | null = null): Result {
  const { name, inSize, outSize, weight, bias } = linear;
  const withBias = (y: Result): Result => (bias === null ? y : add(y, bias));
  switch (weight.format) {
    case 'float32':
      return gemm(x, storedTensor(`${name}.weight`, weight.weight, 'float32', [outSize, inSize]), bias);
    case 'float16':
      return withBias(float16Product(halves(x, gain), linear, weight.weight));
    case 'rowwise-int8':
      return withBias(rowwiseInt8(x, gain, rowwiseOperands(linear, weight)));
    case 'blockwise':
      return withBias(blockwise(x, linear, weight));
  }
}

/** {@link applyLinear} of several layers of one x: one product where their formats allow it. */
export function applyLinears(x: Value, linears: readonly Linear[], gain: Value | null): readonly Result[] {
  const parts = linears.flatMap((linear) =>
    linear.weight.format === 'rowwise-int8' ? [rowwiseOperands(linear, linear.weight)] : [],
  );
  const sameKind = parts.every(({ residual }) => (residual === null) === (parts[0]!.residual === null));
  if (linears.length === 1 || parts.length < linears.length || !sameKind) {
    return linears.map((linear) => applyLinear(x, linear, gain));
  }
  const sizes = int64(linears.map(({ outSize }) => outSize));
  const products = split(rowwiseInt8(x, gain, joined(parts)), sizes, -1);
  return products.map((y, index) => {
    const { bias } = linears[index]!;
    return bias === null ? y : add(y, bias);
  });
}

/** What a linear layer reads; `gain` as in {@link applyLinear}. */
export interface LinearInput {
  readonly x: Value;
  readonly gain: Value | null;
}

/** Name, width and bias of a linear layer. */
export interface Layer {
  readonly name: string;
  readonly outSize: number;
  readonly hasBias: boolean;
}

/** The named layers of a catalogue, which all read the same input. */
export function namedLinears(
  { x, gain }: LinearInput,
  layers: readonly Layer[],
  weights: WeightCatalog,
): readonly Result[] {
  const found = layers.map(({ name, outSize, hasBias }) => ({
    name,
    inSize: x.shape.at(-1) as number,
    outSize,
    weight: findLinear(weights, name),
    bias: hasBias ? findVector(weights, `${name}.bias`, outSize) : null,
  }));
  return applyLinears(x, found, gain);
}

/** The named layer of a catalogue. */
export const namedLinear = (input: LinearInput, layer: Layer, weights: WeightCatalog): Result =>
  namedLinears(input, [layer], weights)[0]!;
