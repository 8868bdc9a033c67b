import { createHash } from 'node:crypto';

/** `count` draws from N(0, 1) by the Box-Muller transform. The same seed gives the same values everywhere. */
export function normals(count: number, seed: number): Float32Array {
  const pairs = Math.ceil(count / 2);
  const uniform = uniforms(2 * pairs, seed);
  const values = new Float32Array(2 * pairs);
  for (let i = 0; i < values.length; i += 2) {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform[i]!));
    const angle = 2 * Math.PI * uniform[i + 1]!;
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
  return values.slice(0, count);
}

/** `count` independent draws from 0, 1, ..., below - 1. */
export function uniformIntegers(count: number, below: number, seed: number): number[] {
  return Array.from(uniforms(count, seed), (value) => Math.floor(value * below));
}

/** Multiples of 2^-48 in [0, 1), from SHAKE256 of the seed: a specified function of good quality. */
function uniforms(count: number, seed: number): Float64Array {
  const stream = createHash('shake256', { outputLength: 6 * count })
    .update(`prompt-init ${seed}`)
    .digest();
  return Float64Array.from({ length: count }, (_, index) => stream.readUIntLE(6 * index, 6) * 2 ** -48);
}
