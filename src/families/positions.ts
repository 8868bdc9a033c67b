import { concat, cumulativeSum, expand, int64, reshape, shapeOf, type Value } from '../graph/index.ts';

/** 0, 1, ... along one axis of x, int64 [size]. */
export function positionsAlong(x: Value, axis: number): Value {
  return cumulativeSum(expand(int64([1]), shapeOf(x, axis, axis + 1)), 0, { exclusive: true });
}

/** Positions of all keys of a decode step, int64 [batch, past + sequence]: the past's slots, then the new ones. */
export function keyPositions(pastKeys: Value, positionIds: Value): Value {
  const past = reshape(positionsAlong(pastKeys, 2), [1, -1]);
  const shape = concat([shapeOf(positionIds, 0, 1), shapeOf(pastKeys, 2, 3)], 0);
  return concat([expand(past, shape), positionIds], 1);
}
