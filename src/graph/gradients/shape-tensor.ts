import { shapeOf } from '../ops.ts';
import { expand } from '../ops-training.ts';
import type { Value } from '../types.ts';
import { int64, scalar } from '../values.ts';

/** The shape of x as int64 [rank]: a constant where it is known, else read at run time. */
export function shapeTensor(x: Value): Value {
  const { shape } = x;
  const known = shape.every((dim) => typeof dim === 'number');
  return known ? int64(shape as readonly number[]) : shapeOf(x, 0, shape.length);
}

/** The size of x along `axis` as int64 [1]. */
export function sizeTensor(x: Value, axis: number): Value {
  const dim = x.shape[axis]!;
  return typeof dim === 'number' ? int64([dim]) : shapeOf(x, axis, axis + 1);
}

export const zerosLike = (x: Value): Value => expand(scalar(0), shapeTensor(x));
