import { concat, int64, type Result, reshape, shapeOf, type Value } from '../graph/index.ts';

/** n tensors of one shape -> [n, ...shape]; one copy of all, where a reshape of each would be a node of each. */
export function stack(parts: readonly Value[]): Result {
  const first = parts[0]!;
  return reshape(concat(parts, 0), concat([int64([parts.length]), shapeOf(first, 0, first.shape.length)], 0));
}
