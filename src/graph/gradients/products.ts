import { formatShape } from '../dims.ts';
import { reshape } from '../ops.ts';
import { fusedMatMul } from '../ops-training.ts';
import { GraphError, type Value } from '../types.ts';
import { int64 } from '../values.ts';
import type { GradientRule } from './rule.ts';

interface Product {
  readonly a: Value;
  readonly b: Value;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
}

/** d(alpha op(A) op(B)) / dA and dB; each operand is read as it is stored, so no transpose is ever made. */
function byA(gradient: Value, { b, transA, transB, alpha }: Product): Value {
  return transA
    ? fusedMatMul(b, gradient, { transA: transB, transB: true, alpha })
    : fusedMatMul(gradient, b, { transB: !transB, alpha });
}

/**
 * B often stands for all batches of A: [..., m, k] x [k, n]. Then the batches of A are rows of one product, which is
 * one large product and no sum over the batches.
 */
function byB(gradient: Value, product: Product): Value {
  const { a, b, transA, transB, alpha } = product;
  if (b.shape.length === 2 && a.shape.length > 2 && !transA) {
    return byB(asRows(gradient), { ...product, a: asRows(a) });
  }
  return transB
    ? fusedMatMul(gradient, a, { transA: true, transB: transA, alpha })
    : fusedMatMul(a, gradient, { transA: !transA, alpha });
}

/** [..., m, k] -> [rows, k]. */
function asRows(x: Value): Value {
  const width = x.shape.at(-1)!;
  if (typeof width !== 'number') {
    throw new GraphError(`a product of ${formatShape(x.shape)} with a shared matrix needs a known width`);
  }
  return reshape(x, int64([-1, width]));
}

const gradientsOf = (
  gradient: Value,
  product: Product,
  wants: (index: number) => boolean,
): readonly (Value | null)[] => [
  wants(0) ? byA(gradient, product) : null,
  wants(1) ? byB(gradient, product) : null,
];

/** Rules of the matrix products. */
export const PRODUCTS: Readonly<Record<string, GradientRule>> = {
  MatMul: ({ gradient, operand, wants }) =>
    gradientsOf(gradient, { a: operand(0), b: operand(1), transA: false, transB: false, alpha: 1 }, wants),

  FusedMatMul: ({ node, gradient, operand, int, wants }) => {
    const alpha = node.attributes.alpha;
    const product = {
      a: operand(0),
      b: operand(1),
      transA: int('transA', 0) === 1,
      transB: int('transB', 0) === 1,
      alpha: alpha?.type === 'float' ? alpha.value : 1,
    };
    return gradientsOf(gradient, product, wants);
  },

  Gemm: ({ gradient, operand, int, wants }) => {
    const product = {
      a: operand(0),
      b: operand(1),
      transA: false,
      transB: int('transB', 0) === 1,
      alpha: 1,
    };
    return [...gradientsOf(gradient, product, wants), gradient];
  },
};
