import { add, div, mul, reduceSum } from '../ops.ts';
import { reduceSumSquare, sqrt, sub } from '../ops-training.ts';
import { GraphError, type Value } from '../types.ts';
import { scalar } from '../values.ts';
import type { Backward, GradientRule } from './rule.ts';

/** 1 / (mean(x^2) + epsilon) of each row, [..., 1]. */
function inverseSquare(x: Value, size: number, epsilon: number): Value {
  return div(scalar(1), add(mul(reduceSumSquare(x, [-1]), scalar(1 / size)), scalar(epsilon)));
}

function sizes({ node, operand }: Backward): { readonly size: number; readonly epsilon: number } {
  const size = operand(0).shape.at(-1);
  const epsilon = node.attributes.epsilon;
  if (typeof size !== 'number' || epsilon?.type !== 'float') {
    throw new GraphError(`${node.op}: its gradient needs a known width and an epsilon`);
  }
  return { size, epsilon: epsilon.value };
}

/** Rules of the normalisations. */
export const NORMALISATION: Readonly<Record<string, GradientRule>> = {
  /**
   * y = x r w with r = (mean(x^2) + epsilon)^(-1/2), so dx = r (g - x r^2 mean(g x)) with g = dy w. r is computed
   * from x again: a second output of the op would have to be kept for the whole forward pass as well.
   */
  SimplifiedLayerNormalization: (backward) => {
    const { node, operand, wants } = backward;
    const [gradient, ofRoots] = backward.gradients;
    if (!gradient || ofRoots) throw new GraphError(`${node.op}: only its first output is differentiated`);
    const [x, scale] = [operand(0), operand(1)];
    const { size, epsilon } = sizes(backward);
    const squared = inverseSquare(x, size, epsilon);
    const factor = sqrt(squared);
    const scaled = mul(gradient, scale);
    const mean = mul(reduceSum(mul(scaled, x), [-1], true), scalar(1 / size));
    return [
      wants(0) ? mul(sub(scaled, mul(x, mul(mean, squared))), factor) : null,
      wants(1) ? mul(gradient, mul(x, factor)) : null,
    ];
  },
};
