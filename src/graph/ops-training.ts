import type { Attribute, Result, Value } from './types.ts';
import { apply, float32 } from './values.ts';

// The ops that losses and gradients need beside those of ops.ts; names and operands are ONNX's.

const int = (value: number): Attribute => ({ type: 'int', value });

export const exp = (x: Value): Result => apply('Exp', [x])[0]!;
export const neg = (x: Value): Result => apply('Neg', [x])[0]!;
export const sub = (a: Value, b: Value): Result => apply('Sub', [a, b])[0]!;

/** x * sigmoid(x), in one pass over x. com.microsoft QuickGelu. */
export const silu = (x: Value): Result =>
  apply('QuickGelu', [x], { alpha: { type: 'float', value: 1 } }, 'com.microsoft')[0]!;

export const logSoftmax = (x: Value, axis: number): Result =>
  apply('LogSoftmax', [x], { axis: int(axis) })[0]!;

/** x broadcast to `shape`, int64 [rank]. */
export const expand = (x: Value, shape: Value): Result => apply('Expand', [x, shape])[0]!;

/** out[..., j, ...] = x[..., indices[..., j, ...], ...] along `axis`. */
export const gatherElements = (x: Value, indices: Value, axis: number): Result =>
  apply('GatherElements', [x, indices], { axis: int(axis) })[0]!;

/** x with `updates` added at `indices` along `axis`; an index that comes twice adds twice. */
export const scatterAdd = (x: Value, indices: Value, updates: Value, axis: number): Result =>
  apply('ScatterElements', [x, indices, updates], {
    axis: int(axis),
    reduction: { type: 'string', value: 'add' },
  })[0]!;

/** [..., depth]: 1 at each index, else 0; `depth` is int64 [1]. */
export const oneHot = (indices: Value, depth: Value): Result =>
  apply('OneHot', [indices, depth, float32([0, 1])], { axis: int(-1) })[0]!;

export interface FusedMatMulOptions {
  /** The last two axes of a are swapped. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** The product is multiplied by this; 1 unless given. */
  readonly alpha?: number;
}

/** alpha * a x b over the last two axes, either operand read transposed in place. com.microsoft FusedMatMul. */
export const fusedMatMul = (a: Value, b: Value, options: FusedMatMulOptions = {}): Result =>
  apply(
    'FusedMatMul',
    [a, b],
    {
      transA: int(options.transA ? 1 : 0),
      transB: int(options.transB ? 1 : 0),
      alpha: { type: 'float', value: options.alpha ?? 1 },
    },
    'com.microsoft',
  )[0]!;
