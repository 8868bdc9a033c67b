import { neg } from '../ops-training.ts';
import { apply } from '../values.ts';
import type { GradientRule } from './rule.ts';

export const ROTARY: Readonly<Record<string, GradientRule>> = {
  /** A rotation's transpose is the rotation by the negated angle: the same op with a negated sine table. */
  RotaryEmbedding: ({ node, gradient, operand }) => {
    const inputs = [gradient, operand(1), operand(2), neg(operand(3))];
    return [apply(node.op, inputs, node.attributes, node.domain)[0]!, null, null, null];
  },
};
