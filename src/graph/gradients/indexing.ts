import { reshape } from '../ops.ts';
import { fusedMatMul, oneHot, scatterAdd } from '../ops-training.ts';
import { GraphError, type Value } from '../types.ts';
import { int64 } from '../values.ts';
import type { GradientRule } from './rule.ts';
import { sizeTensor, zerosLike } from './shape-tensor.ts';

/** Elements of a row of x, all axes but the first. */
function rowSize(x: Value): number {
  return x.shape.slice(1).reduce<number>((size, dim) => {
    if (typeof dim === 'string') throw new GraphError(`Gather: its gradient needs a known row, given ${dim}`);
    return size * dim;
  }, 1);
}

/** Rules of the ops that pick elements; an element that is picked twice receives both gradients. */
export const INDEXING: Readonly<Record<string, GradientRule>> = {
  /**
   * Rows of x picked by number: the gradient is (one-hot indices)^T x gradient. As a product it adds in a fixed
   * order, whatever the number of threads; it is meant for few rows (label positions), not for a vocabulary.
   */
  Gather: ({ gradient, operand, int }) => {
    const [x, indices] = [operand(0), operand(1)];
    if (int('axis', 0) !== 0) throw new GraphError('Gather: its gradient is known for axis 0 only');
    const picked = oneHot(reshape(indices, [-1]), sizeTensor(x, 0));
    const rows = reshape(gradient, [-1, rowSize(x)]);
    const summed = fusedMatMul(picked, rows, { transA: true });
    const [, ...rest] = x.shape;
    return [x.shape.length === 2 ? summed : reshape(summed, int64([-1, ...(rest as number[])])), null];
  },

  GatherElements: ({ gradient, operand, int }) => [
    scatterAdd(zerosLike(operand(0)), operand(1), gradient, int('axis', 0)),
    null,
  ],
};
