import { formatShape } from '../dims.ts';
import { reduceSum, reshape } from '../ops.ts';
import { GraphError, type Value } from '../types.ts';
import { shapeTensor } from './shape-tensor.ts';

/**
 * Undoes broadcasting (NumPy rules): sums `gradient` over the axes along which a value of the shape of `like` was
 * repeated. Throws when `like` does not broadcast to the gradient.
 */
export function sumToShape(gradient: Value, like: Value): Value {
  const missing = gradient.shape.length - like.shape.length;
  if (missing < 0) refuse(gradient, like);
  const repeated = gradient.shape.flatMap((dim, axis) => {
    const own = axis < missing ? 1 : like.shape[axis - missing]!;
    if (own === dim) return axis < missing ? [axis] : [];
    return own === 1 ? [axis] : refuse(gradient, like);
  });
  if (repeated.length === 0) return gradient;
  const summed = reduceSum(gradient, repeated, true);
  return missing === 0 ? summed : reshape(summed, shapeTensor(like));
}

function refuse(gradient: Value, like: Value): never {
  throw new GraphError(
    `a gradient ${formatShape(gradient.shape)} cannot be summed to ${formatShape(like.shape)}`,
  );
}
