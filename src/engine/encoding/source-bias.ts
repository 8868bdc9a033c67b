import { MASKED } from '../../model/bundle.ts';

/** The bias of sources of these lengths that are padded to `length` positions, [sources, 1, 1, length]. */
export function sourceBias(lengths: readonly number[], length: number): Float32Array {
  const bias = new Float32Array(lengths.length * length).fill(MASKED);
  for (const [row, own] of lengths.entries()) bias.fill(0, row * length, row * length + own);
  return bias;
}
