import { concat, reshape, split, transpose } from '../ops.ts';
import { GraphError } from '../types.ts';
import type { GradientRule } from './rule.ts';
import { shapeTensor, sizeTensor, zerosLike } from './shape-tensor.ts';

/** Rules of the ops that only move elements. */
export const LAYOUT: Readonly<Record<string, GradientRule>> = {
  Reshape: ({ gradient, operand }) => [reshape(gradient, shapeTensor(operand(0))), null],
  Expand: ({ gradient }) => [gradient, null],

  Transpose: ({ node, gradient }) => {
    const perm = node.attributes.perm;
    if (perm?.type !== 'ints') throw new GraphError('Transpose: its gradient needs a perm');
    return [
      transpose(
        gradient,
        perm.value.map((_, axis) => perm.value.indexOf(axis)),
      ),
    ];
  },

  Concat: ({ node, gradient, operand, int }) => {
    const axis = int('axis', 0);
    const positive = axis < 0 ? axis + gradient.shape.length : axis;
    const sizes = concat(
      node.inputs.map((_, index) => sizeTensor(operand(index), positive)),
      0,
    );
    return split(gradient, sizes, positive);
  },

  Split: ({ node, gradients, int }) => {
    const parts = node.outputs.map((output, index) => gradients[index] ?? zerosLike(output));
    return [concat(parts, int('axis', 0)), null];
  },
};
