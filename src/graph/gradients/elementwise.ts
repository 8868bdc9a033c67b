import { add, div, mul, sigmoid } from '../ops.ts';
import { neg, sub } from '../ops-training.ts';
import { GraphError } from '../types.ts';
import { scalar } from '../values.ts';
import type { GradientRule } from './rule.ts';

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

  /** y = x s with s = sigmoid(x), computed again rather than kept: dy/dx = s + y (1 - s). */
  QuickGelu: ({ node, gradient, operand, output }) => {
    const alpha = node.attributes.alpha;
    if (alpha?.type !== 'float' || alpha.value !== 1) {
      throw new GraphError('QuickGelu: its gradient is known for alpha 1 only');
    }
    const s = sigmoid(operand(0));
    return [mul(gradient, add(s, sub(output, mul(output, s))))];
  },
};
