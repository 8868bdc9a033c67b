import { mul, reduceSum, reshape } from '../ops.ts';
import { exp, expand, sub } from '../ops-training.ts';
import { GraphError, type Node, type Value } from '../types.ts';
import type { Backward, GradientRule } from './rule.ts';
import { shapeTensor } from './shape-tensor.ts';

/** The reduced axes, from 0; they are constants. */
function reducedAxes({ op, inputs }: Node): readonly number[] {
  const [x, axes] = inputs;
  if (axes?.kind !== 'constant') throw new GraphError(`${op}: its gradient needs constant axes`);
  return Array.from(axes.data, Number).map((axis) => (axis < 0 ? axis + x!.shape.length : axis));
}

/** The gradient of a reduction with its reduced axes put back at size 1. */
function keepAxes({ node, gradient, operand, int }: Backward): Value {
  if (int('keepdims', 1) === 1) return gradient;
  const axes = reducedAxes(node);
  const { shape } = operand(0);
  // 0 would copy the size at the same index of the gradient, which has fewer axes: only -1 and 1 are safe.
  const unknown = shape.filter((dim, axis) => !axes.includes(axis) && typeof dim === 'string').length;
  if (unknown > 1)
    throw new GraphError(`${node.op}: keep the reduced axes of a tensor of several named sizes`);
  return reshape(
    gradient,
    shape.map((dim, axis) => (axes.includes(axis) ? 1 : typeof dim === 'string' ? -1 : dim)),
  );
}

/** Softmax and LogSoftmax sum along one axis. */
const softmaxAxis = ({ int, operand }: Backward): number => {
  const axis = int('axis', -1);
  return axis < 0 ? axis + operand(0).shape.length : axis;
};

/** Rules of the ops that sum along axes. */
export const REDUCTIONS: Readonly<Record<string, GradientRule>> = {
  ReduceSum: (backward) => [expand(keepAxes(backward), shapeTensor(backward.operand(0))), null],

  Softmax: (backward) => {
    const { gradient, output } = backward;
    const weighted = mul(gradient, output);
    return [sub(weighted, mul(output, reduceSum(weighted, [softmaxAxis(backward)], true)))];
  },

  LogSoftmax: (backward) => {
    const { gradient, output } = backward;
    return [sub(gradient, mul(exp(output), reduceSum(gradient, [softmaxAxis(backward)], true)))];
  },
};
