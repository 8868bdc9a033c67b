import { div, mul } from '../ops.ts';
import { neg, sub } from '../ops-training.ts';
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
  Log: ({ gradient, operand }) => [div(gradient, operand(0))],

  Sqrt: ({ gradient, output }) => [div(gradient, mul(output, scalar(2)))],

  Sigmoid: ({ gradient, output }) => [mul(gradient, mul(output, sub(scalar(1), output)))],
};
