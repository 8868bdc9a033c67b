import { add, cast, type DType, mul, scalar, toFloat, type Value } from '../graph/index.ts';
import type { KeysValues } from './attention.ts';
import type { WeightCatalog } from './decoder.ts';

/** How keys and values are held between runs; attention itself is computed in float32. */
export type CacheType = Extract<DType, 'float32' | 'float16'>;

/** Keys and values are float16 where the layers that make them are. */
export const cacheType = ({ linears }: WeightCatalog): CacheType =>
  [...linears.values()].some(({ format }) => format === 'float16') ? 'float16' : 'float32';

/**
 * Keys and values as the cache holds them, which is how attention reads them already in the run that makes them: so a
 * token's logits do not depend on where its input was cut into runs.
 * @param keysValues float32 [batch, kv_heads, sequence, head_dim] each
 */
export function cached({ keys, values }: KeysValues, type: CacheType): KeysValues {
  if (type !== 'float16') return { keys, values };
  const heldKeys = cast(keys, 'float16');
  // A key that float16 does not hold is infinite, and attention can pass over it: its score may be minus infinity. It must
  // not lie in the cache unnoticed, because the row that comes to its place would meet it. So the value becomes NaN, and
  // with it all that the row computes.
  const poison = mul(toFloat(heldKeys), scalar(0));
  return { keys: heldKeys, values: cast(add(values, poison), 'float16') };
}

/** Of the cache, as attention reads it: float32. */
export const fromCache = (x: Value): Value => (x.dtype === 'float32' ? x : toFloat(x));
