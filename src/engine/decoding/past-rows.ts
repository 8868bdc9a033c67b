import type { PastRow } from '../backend.ts';
import type { KvSlab } from '../kv/slab.ts';
import type { Sequence } from './sequence.ts';

/**
 * Which rows lie in a slab.
 * @param hasPrefixes whether they begin with their prompts: not behind an encoder, which mixes prompt and input
 */
export function pastRows(
  slab: KvSlab,
  sequences: readonly Sequence[],
  { hasPrefixes }: { readonly hasPrefixes: boolean },
): readonly PastRow[] {
  return sequences.map(({ joined, request: { prompt } }, row) => ({
    id: joined,
    length: slab.lengthOf(row),
    prefix: hasPrefixes && prompt !== null ? { key: prompt.key, length: prompt.length } : null,
  }));
}
