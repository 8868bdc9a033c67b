import { DATA_TYPE } from './onnx-schema.ts';
import type { Attribute, Result, Value } from './types.ts';
import { apply, int64, uint8 } from './values.ts';

// One function an op. Names, operands and attributes are those of the ONNX operator of the same name.

const int = (value: number): Attribute => ({ type: 'int', value });
const float = (value: number): Attribute => ({ type: 'float', value });
const ints = (value: readonly number[]): Attribute => ({ type: 'ints', value });

export const abs = (x: Value): Result => apply('Abs', [x])[0]!;
export const sigmoid = (x: Value): Result => apply('Sigmoid', [x])[0]!;
export const relu = (x: Value): Result => apply('Relu', [x])[0]!;
export const sign = (x: Value): Result => apply('Sign', [x])[0]!;
export const add = (a: Value, b: Value): Result => apply('Add', [a, b])[0]!;
export const mul = (a: Value, b: Value): Result => apply('Mul', [a, b])[0]!;
export const div = (a: Value, b: Value): Result => apply('Div', [a, b])[0]!;
export const matMul = (a: Value, b: Value): Result => apply('MatMul', [a, b])[0]!;

/** Maximum over `axes`; they stay with size 1 if `keepDims`. */
export const reduceMax = (x: Value, axes: readonly number[], keepDims: boolean): Result =>
  apply('ReduceMax', [x, int64(axes)], { keepdims: int(keepDims ? 1 : 0) })[0]!;

/** Sum over `axes`; they stay with size 1 if `keepDims`. */
export const reduceSum = (x: Value, axes: readonly number[], keepDims: boolean): Result =>
  apply('ReduceSum', [x, int64(axes)], { keepdims: int(keepDims ? 1 : 0) })[0]!;

/** x with every element within [least, most]; int64. */
export const clip = (x: Value, least: number, most: number): Result =>
  apply('Clip', [x, int64([least], []), int64([most], [])])[0]!;

/** Sums along one axis of all elements before each; with `exclusive` without itself. CumSum. */
export const cumulativeSum = (x: Value, axis: number, options: { readonly exclusive: boolean }): Result =>
  apply('CumSum', [x, int64([axis], [])], { exclusive: int(options.exclusive ? 1 : 0) })[0]!;

/** int64, int8 or float16 as float32; exact up to 2^24. Cast. */
export const toFloat = (x: Value): Result => apply('Cast', [x], { to: int(DATA_TYPE.float32) })[0]!;

export const softmax = (x: Value, axis: number): Result => apply('Softmax', [x], { axis: int(axis) })[0]!;

/** Sizes `start` to `end` (exclusive) of x's shape, int64 [end - start]. */
export const shapeOf = (x: Value, start: number, end: number): Result =>
  apply('Shape', [x], { start: int(start), end: int(end) })[0]!;

/** `shape` is a list with ONNX's 0 (keep this size) and -1 (what is left), or a computed int64 tensor. */
export const reshape = (x: Value, shape: Value | readonly number[]): Result =>
  apply('Reshape', [x, 'kind' in shape ? shape : int64(shape)])[0]!;

export const transpose = (x: Value, perm: readonly number[]): Result =>
  apply('Transpose', [x], { perm: ints(perm) })[0]!;

export const concat = (parts: readonly Value[], axis: number): Result =>
  apply('Concat', parts, { axis: int(axis) })[0]!;

/** Parts of x along `axis`, one for each of the `sizes` (int64 [parts]). */
export const split = (x: Value, sizes: Value, axis: number): readonly Result[] =>
  apply('Split', [x, sizes], { axis: int(axis) });

export const gather = (x: Value, indices: Value, axis: number): Result =>
  apply('Gather', [x, indices], { axis: int(axis) })[0]!;

/** x[i, j] for each pair (i, j) of `indices`, int64 [pairs, 2]: [pairs]. GatherND. */
export const gatherPairs = (x: Value, indices: Value): Result => apply('GatherND', [x, indices])[0]!;

/**
 * The `k` largest along the last axis, largest first, the lower index first among equals: [values, indices]. A computed
 * `k` is int64 [1].
 */
export const topK = (x: Value, k: Value | number): readonly [Result, Result] => {
  const [values, indices] = apply('TopK', [x, typeof k === 'number' ? int64([k]) : k], {
    axis: int(-1),
    largest: int(1),
    sorted: int(1),
  });
  return [values!, indices!];
};

/** RMSNorm over the last axis: x / sqrt(mean(x^2) + epsilon) * scale (Zhang & Sennrich 2019). */
export const rmsNorm = (x: Value, scale: Value, epsilon: number): Result =>
  apply('SimplifiedLayerNormalization', [x, scale], {
    axis: int(-1),
    epsilon: float(epsilon),
    stash_type: int(1),
  })[0]!;

/**
 * LayerNorm over the last axis (Ba et al. 2016): (x - mean) / sqrt(variance + epsilon) * scale + bias. Its second and
 * third outputs, the means and the inverse roots, are there for the gradient.
 */
export const layerNorm = (x: Value, scale: Value, bias: Value, epsilon: number): Result =>
  apply('LayerNormalization', [x, scale, bias], {
    axis: int(-1),
    epsilon: float(epsilon),
    stash_type: int(1),
  })[0]!;

/** GELU in its tanh form (Hendrycks & Gimpel 2016; transformers' `gelu_new`). Gelu. */
export const gelu = (x: Value): Result =>
  apply('Gelu', [x], { approximate: { type: 'string', value: 'tanh' } })[0]!;

/**
 * RMSNorm without a learned scale: [x / r * unit, 1 / r] with r = sqrt(mean(x^2) + epsilon) over the last axis, which
 * stays with size 1. `units` holds `unit` once an element. No element exceeds unit * sqrt(width).
 */
export const rmsNormalize = (x: Value, units: Value, epsilon: number): readonly [Result, Result] => {
  const [normalized, inverse] = apply('SimplifiedLayerNormalization', [x, units], {
    axis: int(-1),
    epsilon: float(epsilon),
    stash_type: int(1),
  });
  return [normalized!, inverse!];
};

/** A x B^T (+ C) of matrices; B is kept as [n, k], C broadcasts to [m, n]. */
export const gemm = (a: Value, b: Value, c: Value | null = null): Result =>
  apply('Gemm', c === null ? [a, b] : [a, b, c], { transB: int(1) })[0]!;

/** round(x / scale) + 128 as uint8, saturating at 0 and 255; rounds half to even. QuantizeLinear. */
export const quantize = (x: Value, scale: Value): Result =>
  apply('QuantizeLinear', [x, scale, uint8([128], [])])[0]!;

/** scale * (x - 128) in float32, of uint8. DequantizeLinear. */
export const dequantize = (x: Value, scale: Value): Result =>
  apply('DequantizeLinear', [x, scale, uint8([128], [])])[0]!;

/**
 * (aScale * (a - 128)) x (b * bScales) in float32, summed in int32: a uint8 [..., k], b int8 [k, n], bScales
 * float32 [n]. com.microsoft MatMulIntegerToFloat.
 */
export const matMulInteger = (a: Value, aScale: Value, b: Value, bScales: Value): Result =>
  apply('MatMulIntegerToFloat', [a, b, aScale, bScales, uint8([128], [])], {}, 'com.microsoft')[0]!;

/** x [..., k] times a block-quantised matrix of k x n; see {@link MatMulNBitsOptions}. com.microsoft. */
export const matMulNBits = (x: Value, weight: Value, scales: Value, options: MatMulNBitsOptions): Result =>
  apply(
    'MatMulNBits',
    [x, weight, scales],
    {
      K: int(options.k),
      N: int(options.n),
      bits: int(options.bits),
      block_size: int(options.blockSize),
      accuracy_level: int(options.accuracyLevel),
    },
    'com.microsoft',
  )[0]!;

export interface MatMulNBitsOptions {
  readonly k: number;
  readonly n: number;
  readonly bits: 4 | 8;
  readonly blockSize: number;
  /** 0: as the kernel likes; 1: float32 activations; 4: int8 activations. */
  readonly accuracyLevel: 0 | 1 | 4;
}

/**
 * Rotary position embedding of x [batch, heads, sequence, head_dim], element j of a head paired with element
 * j + head_dim / 2 (transformers' `rotate_half`). `cos` and `sin` are [positions, head_dim / 2] with at least
 * `sequence` rows, `positionIds` int64 [batch, sequence]. com.microsoft RotaryEmbedding.
 */
export const rotaryEmbedding = (x: Value, positionIds: Value, cos: Value, sin: Value): Result =>
  apply('RotaryEmbedding', [x, positionIds, cos, sin], {}, 'com.microsoft')[0]!;
