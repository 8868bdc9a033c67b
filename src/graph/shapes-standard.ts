import { addDims, broadcastShapes, divideDims, equalShapes, formatShape, multiplyDims } from './dims.ts';
import { DATA_TYPE } from './onnx-schema.ts';
import type { Operands, ShapeRule } from './operands.ts';
import type { Dim, Shape } from './types.ts';

/** What is calculated with. */
const NUMBERS = ['float32', 'float64', 'int64'] as const;

/** What is moved, cast and, in Gemm, multiplied: float16 takes part in no other calculation. */
const MOVED = [...NUMBERS, 'float16'] as const;

export const unary: ShapeRule = (op) => [{ dtype: 'float32', shape: op.operand(0, 'float32').shape }];

export const elementwise: ShapeRule = (op) => {
  const [a, b] = [op.operand(0, ...NUMBERS), op.operand(1, ...NUMBERS)];
  if (a.dtype !== b.dtype) op.fail('operands of one type');
  return [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) ?? op.fail('shapes that broadcast') }];
};

const CAST_TARGETS = ['float32', 'float16', 'float64', 'int64', 'bool'] as const;

/** The shape of a product [..., m, k] x [..., k, n], the second operand given as [..., n, k] if transposed. */
export function productShape(op: Operands, a: Shape, b: Shape, transposeB: boolean): Shape {
  if (a.length < 2 || b.length < 2) op.fail('operands of rank 2 or more');
  const [k, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  if (a.at(-1) !== k) op.fail(`equal inner sizes, given ${a.at(-1)} and ${k}`);
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2)) ?? op.fail('batch sizes that broadcast');
  return [...batch, a.at(-2)!, n];
}

const reduction: ShapeRule = (op) => {
  const { dtype, shape } = op.operand(0, ...NUMBERS);
  const axes = new Set(op.integers(1).map((axis) => op.axis(axis, shape.length)));
  const reduced =
    op.int('keepdims', 1) === 1
      ? shape.map((dim, axis) => (axes.has(axis) ? 1 : dim))
      : shape.filter((_, axis) => !axes.has(axis));
  return [{ dtype, shape: reduced }];
};

function reshaped(op: Operands, shape: Shape, target: readonly Dim[]): Shape {
  const wildcard = target.indexOf(-1);
  if (wildcard !== target.lastIndexOf(-1)) op.fail('at most one -1 in the target shape');
  // Sizes that stay (0 copies) cancel on both sides, so that a sum such as past + sequence never has to divide.
  const copied = (dim: Dim, axis: number): boolean => dim === 0 && axis < shape.length;
  const rest = shape.filter((_, axis) => target[axis] !== 0);
  const given = target.filter((dim, axis) => dim !== -1 && !copied(dim, axis));
  const count = multiplyDims(...rest);
  const quotient = wildcard < 0 ? count : divideDims(count, multiplyDims(...given));
  const fits = wildcard < 0 ? count === multiplyDims(...given) : quotient !== null;
  if (!fits) op.fail(`as many elements in the target shape ${formatShape(target)}`);
  return target.map((dim, axis) => (axis === wildcard ? quotient! : copied(dim, axis) ? shape[axis]! : dim));
}

/** Shape rules of the standard ONNX domain (opset 21), after the ONNX operator reference. */
export const STANDARD_RULES: Readonly<Record<string, ShapeRule>> = {
  Abs: unary,
  Sigmoid: unary,
  Gelu: unary,
  Relu: unary,
  Sign: unary,
  Add: elementwise,
  Mul: elementwise,
  Div: elementwise,
  ReduceMax: reduction,
  ReduceSum: reduction,

  MatMul: (op) => {
    const [a, b] = [op.operand(0, 'float32'), op.operand(1, 'float32')];
    return [{ dtype: 'float32', shape: productShape(op, a.shape, b.shape, false) }];
  },

  Gemm: (op) => {
    const a = op.operand(0, 'float32', 'float16');
    const b = op.operand(1, a.dtype);
    if (a.shape.length !== 2 || b.shape.length !== 2) op.fail('matrices');
    if (op.int('transA', 0) !== 0) op.fail('transA=0');
    const shape = productShape(op, a.shape, b.shape, op.int('transB', 0) === 1);
    const bias = op.optional(2, a.dtype);
    if (bias !== null && !equalShapes(broadcastShapes(bias.shape, shape) ?? [], shape)) {
      op.fail(`a bias that broadcasts to ${formatShape(shape)}`);
    }
    return [{ dtype: a.dtype, shape }];
  },

  Clip: (op) => {
    const { dtype, shape } = op.operand(0, 'int64');
    op.shaped(1, [], dtype);
    op.shaped(2, [], dtype);
    return [{ dtype, shape }];
  },

  CumSum: (op) => {
    const { dtype, shape } = op.operand(0, ...NUMBERS);
    const [axis] =
      op.shaped(1, [], 'int64').kind === 'constant' ? op.integers(1) : op.fail('a constant axis');
    op.axis(axis!, shape.length);
    return [{ dtype, shape }];
  },

  Softmax: (op) => {
    const { shape } = op.operand(0, 'float32');
    op.axis(op.int('axis', -1), shape.length);
    return [{ dtype: 'float32', shape }];
  },

  /** An ONNX Runtime op that lives in the standard domain: RMSNorm over the last axis, and the inverse roots. */
  SimplifiedLayerNormalization: (op) => {
    const { shape } = op.operand(0, 'float32');
    op.shaped(1, shape.slice(-1), 'float32');
    if (op.axis(op.int('axis', -1), shape.length) !== shape.length - 1) op.fail('the last axis');
    return [
      { dtype: 'float32', shape },
      { dtype: 'float32', shape: shape.with(-1, 1) },
    ];
  },

  /** The normalised x, and over the last axis the means and the inverse roots of the variances. */
  LayerNormalization: (op) => {
    const { shape } = op.operand(0, 'float32');
    op.shaped(1, shape.slice(-1), 'float32');
    op.shaped(2, shape.slice(-1), 'float32');
    if (op.axis(op.int('axis', -1), shape.length) !== shape.length - 1) op.fail('the last axis');
    const statistics = { dtype: 'float32', shape: shape.with(-1, 1) } as const;
    return [{ dtype: 'float32', shape }, statistics, statistics];
  },

  Cast: (op) => {
    const { dtype: from, shape } = op.operand(0, ...MOVED, 'int8', 'bool');
    const to = op.int('to');
    const dtype = CAST_TARGETS.find((target) => DATA_TYPE[target] === to && target !== from);
    return [{ dtype: dtype ?? op.fail(`a cast to another of ${CAST_TARGETS.join(', ')}`), shape }];
  },

  Shape: (op) => {
    const { shape } = op.operand(0, ...MOVED);
    const part = shape.slice(op.int('start', 0), op.int('end', shape.length));
    return [{ dtype: 'int64', shape: [part.length] }];
  },

  Reshape: (op) => {
    const { dtype, shape } = op.operand(0, ...MOVED);
    return [{ dtype, shape: reshaped(op, shape, op.sizes(1)) }];
  },

  Transpose: (op) => {
    const { dtype, shape } = op.operand(0, 'float32');
    const perm = op.ints('perm');
    const sorted = perm.toSorted((a, b) => a - b);
    if (perm.length !== shape.length || sorted.some((axis, index) => axis !== index)) {
      op.fail(`a permutation of ${shape.length} axes`);
    }
    return [{ dtype, shape: perm.map((axis) => shape[axis]!) }];
  },

  Concat: (op) => {
    const first = op.operand(0, 'float32', 'float16', 'int64', 'int8', 'uint8');
    const rank = first.shape.length;
    const axis = op.axis(op.int('axis'), rank);
    const sizes = op.inputs.map((_, index) => {
      const { dtype, shape } = op.operand(index, first.dtype);
      const others = (s: Shape): Shape => s.toSpliced(axis, 1);
      if (shape.length !== rank || !equalShapes(others(shape), others(first.shape))) {
        op.fail(`equal ${dtype} shapes except on axis ${axis}`);
      }
      return shape[axis]!;
    });
    return [{ dtype: first.dtype, shape: first.shape.with(axis, addDims(...sizes)) }];
  },

  Split: (op) => {
    const { dtype, shape } = op.operand(0, 'float32', 'int64');
    const axis = op.axis(op.int('axis', 0), shape.length);
    const sizes = op.sizes(1);
    if (addDims(...sizes) !== shape[axis]) op.fail(`sizes that add up to ${shape[axis]}, given ${sizes}`);
    return sizes.map((size) => ({ dtype, shape: shape.with(axis, size) }));
  },

  Gather: (op) => {
    const { dtype, shape } = op.operand(0, ...MOVED);
    const indices = op.operand(1, 'int64');
    const axis = op.axis(op.int('axis', 0), shape.length);
    return [{ dtype, shape: shape.toSpliced(axis, 1, ...indices.shape) }];
  },

  GatherND: (op) => {
    const { dtype, shape } = op.operand(0, 'float32');
    const indices = op.operand(1, 'int64');
    if (shape.length !== 2 || indices.shape.length !== 2 || indices.shape[1] !== 2) {
      op.fail('a matrix and pairs of indices');
    }
    return [{ dtype, shape: [indices.shape[0]!] }];
  },

  TopK: (op) => {
    const { dtype, shape } = op.operand(0, 'float32');
    const count = op.shaped(1, [1], 'int64');
    // Of a number that is fed nothing is known but its name.
    const k = count.kind === 'input' ? count.name : op.integers(1)[0]!;
    if (op.axis(op.int('axis', -1), shape.length) !== shape.length - 1) op.fail('the last axis');
    const best = shape.with(-1, k);
    return [
      { dtype, shape: best },
      { dtype: 'int64', shape: best },
    ];
  },

  QuantizeLinear: (op) => {
    const { shape } = op.operand(0, 'float32');
    op.shaped(1, [], 'float32');
    const { dtype } = op.shaped(2, [], 'int8', 'uint8');
    return [{ dtype, shape }];
  },

  DequantizeLinear: (op) => {
    const { dtype, shape } = op.operand(0, 'int8', 'uint8');
    op.shaped(1, [], 'float32');
    op.shaped(2, [], dtype);
    return [{ dtype: 'float32', shape }];
  },
};
