import { add, clip, gather, int64, reshape, sub, transpose, type Value } from '../graph/index.ts';

export interface RelativeBuckets {
  readonly buckets: number;
  readonly maxDistance: number;
  /** Later keys have buckets of their own; else they share that of distance 0, as nothing may see them. */
  readonly bidirectional: boolean;
}

const f32 = Math.fround;

/**
 * T5's bucket of each relative position (key - query) from -maxDistance to maxDistance; farther ones share those of
 * the ends. Half of the buckets are for single distances, the others for ranges that grow with the logarithm. The
 * logarithm is taken in float32, as transformers' T5Attention takes it: at the edge of a range it decides.
 */
export function relativeBuckets({ buckets, maxDistance, bidirectional }: RelativeBuckets): number[] {
  const count = bidirectional ? buckets / 2 : buckets;
  const exact = Math.floor(count / 2);
  const bucketOf = (distance: number): number => {
    if (distance < exact) return distance;
    const ratio = f32(f32(Math.log(f32(distance / exact))) / f32(Math.log(maxDistance / exact)));
    return Math.min(count - 1, exact + Math.floor(f32(ratio * (count - exact))));
  };
  return Array.from({ length: 2 * maxDistance + 1 }, (_, index) => {
    const relative = index - maxDistance;
    if (bidirectional) return bucketOf(Math.abs(relative)) + (relative > 0 ? count : 0);
    return bucketOf(Math.max(0, -relative));
  });
}

/**
 * What a head adds to its scores for the distance of query and key.
 * @param keyPositions int64 [batch or 1, keys]
 * @param queryPositions int64 [batch or 1, queries]
 * @param embedding float32 [buckets, heads]
 * @returns float32 [batch or 1, heads, queries, keys]
 */
export function relativeBias(
  keyPositions: Value,
  queryPositions: Value,
  embedding: Value,
  options: RelativeBuckets,
): Value {
  const { maxDistance } = options;
  // The buckets of all distances are constants, so ONNX Runtime folds this product of two tables.
  const table = gather(embedding, int64(relativeBuckets(options)), 0);
  const distance = sub(reshape(keyPositions, [0, 1, -1]), reshape(queryPositions, [0, -1, 1]));
  const index = add(clip(distance, -maxDistance, maxDistance), int64([maxDistance]));
  return transpose(gather(table, index, 0), [0, 3, 1, 2]);
}
