import { broadcastShapes, equalShapes, formatShape } from './dims.ts';
import type { ShapeRule } from './operands.ts';
import { elementwise, unary } from './shapes-standard.ts';
import type { Shape } from './types.ts';

/** Shape rules of the standard ONNX ops that only losses and gradients use (opset 21). */
export const TRAINING_RULES: Readonly<Record<string, ShapeRule>> = {
  Exp: (op) => {
    const { dtype, shape } = op.operand(0, 'float32', 'float64');
    return [{ dtype, shape }];
  },
  Neg: unary,
  Sub: elementwise,

  LogSoftmax: (op) => {
    const { shape } = op.operand(0, 'float32');
    op.axis(op.int('axis', -1), shape.length);
    return [{ dtype: 'float32', shape }];
  },

  Expand: (op) => {
    const { dtype, shape } = op.operand(0, 'float32', 'float16', 'int64');
    const target = op.sizes(1);
    return [{ dtype, shape: broadcastShapes(shape, target) ?? op.fail('shapes that broadcast') }];
  },

  GatherElements: (op) => {
    const { dtype, shape } = op.operand(0, 'float32', 'int64');
    const indices = op.operand(1, 'int64');
    const axis = op.axis(op.int('axis', 0), shape.length);
    const others = (s: Shape): Shape => s.toSpliced(axis, 1);
    if (indices.shape.length !== shape.length || !equalShapes(others(indices.shape), others(shape))) {
      op.fail(`indices whose shape differs from ${formatShape(shape)} only on axis ${axis}`);
    }
    return [{ dtype, shape: indices.shape }];
  },

  ScatterElements: (op) => {
    const { shape } = op.operand(0, 'float32');
    op.axis(op.int('axis', 0), shape.length);
    const indices = op.operand(1, 'int64');
    op.shaped(2, indices.shape, 'float32');
    return [{ dtype: 'float32', shape }];
  },

  /** The values are [off, on]; the new axis is the last. */
  OneHot: (op) => {
    const { shape } = op.operand(0, 'int64');
    const [depth] = op.sizes(1);
    op.shaped(2, [2], 'float32');
    if (op.int('axis', -1) !== -1) op.fail('axis -1');
    return [{ dtype: 'float32', shape: [...shape, depth!] }];
  },
};
