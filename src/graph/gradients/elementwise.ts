import { add, div, mul, sigmoid, sign } from '../ops.ts';
import { neg, sub } from '../ops-training.ts';
import { GraphError } from '../types.ts';
import { scalar } from '../values.ts';
import type { GradientRule } from './rule.ts';

const GELU_CUBIC = 0.044715;

/** Rules of the ops that work element by element; broadcasting is undone by the caller. */
export const ELEMENTWISE: Readonly<Record<string, GradientRule>> = {
  Add: ({ gradient }) => [gradient, gradient],
  Sub: ({ gradient, wants }) => [gradient, wants(1) ? neg(gradient) : null],
  Neg: ({ gradient }) => [neg(gradient)],

  Mul: ({ gradient, operand, wants }) => [
    wants(0) ? mul(gradient, operand(1)) : null,
    wants(1) ? mul(gradient, operand(0)) : null,
  ],

  Div: ({ gradient, operand, output, wants }) => {
    const byNumerator = div(gradient, operand(1));
    return [byNumerator, wants(1) ? neg(mul(byNumerator, output)) : null];
  },

  Exp: ({ gradient, output }) => [mul(gradient, output)],

  Sigmoid: ({ gradient, output }) => [mul(gradient, mul(output, sub(scalar(1), output)))],

  Relu: ({ gradient, output }) => [mul(gradient, sign(output))],

  /** y = x s with s = sigmoid(x), computed again rather than kept: dy/dx = s + y (1 - s). */
  QuickGelu: ({ node, gradient, operand, output }) => {
    const alpha = node.attributes.alpha;
    if (alpha?.type !== 'float' || alpha.value !== 1) {
      throw new GraphError('QuickGelu: its gradient is known for alpha 1 only');
    }
    const s = sigmoid(operand(0));
    return [mul(gradient, add(s, sub(output, mul(output, s))))];
  },

  /**
   * The tanh form is y = x s with s = sigmoid(2u), u = c (x + a x^3), c = sqrt(2 / pi), a = 0.044715; so
   * dy/dx = s + y (1 - s) 2c (1 + 3a x^2).
   */
  Gelu: ({ node, gradient, operand, output }) => {
    const approximate = node.attributes.approximate;
    if (approximate?.type !== 'string' || approximate.value !== 'tanh') {
      throw new GraphError('Gelu: its gradient is known for the tanh form only');
    }
    const x = operand(0);
    const square = mul(x, x);
    const twice = scalar(2 * Math.sqrt(2 / Math.PI));
    const s = sigmoid(mul(mul(x, twice), add(scalar(1), mul(square, scalar(GELU_CUBIC)))));
    const slope = mul(twice, add(scalar(1), mul(square, scalar(3 * GELU_CUBIC))));
    return [mul(gradient, add(s, mul(sub(output, mul(output, s)), slope)))];
  },
};
