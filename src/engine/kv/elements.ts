import { halfToFloat, toHalves } from '../../model/half.ts';

/** How each number of keys and values is held. */
export type KvElement = 'float32' | 'float16';

/** Numbers of keys and values; of float16 the bit patterns, as Node 20 has no array of its own for them. */
export type KvArray = Float32Array | Uint16Array;

interface ElementKind {
  readonly bytes: number;
  readonly zeros: (length: number) => KvArray;
  /** Whether a number, as the array holds it, is finite. */
  readonly isFinite: (held: number) => boolean;
  /** The nearest numbers; what is beyond the largest becomes infinite. Of float32 the array itself. */
  readonly fromFloats: (values: Float32Array) => KvArray;
  readonly toFloats: (held: KvArray) => Float32Array;
}

export const ELEMENTS: Readonly<Record<KvElement, ElementKind>> = {
  float32: {
    bytes: Float32Array.BYTES_PER_ELEMENT,
    zeros: (length) => new Float32Array(length),
    isFinite: Number.isFinite,
    fromFloats: (values) => values,
    toFloats: (held) => Float32Array.from(held),
  },
  float16: {
    bytes: Uint16Array.BYTES_PER_ELEMENT,
    zeros: (length) => new Uint16Array(length),
    // An exponent of ones.
    isFinite: (held) => (held & 0x7c00) !== 0x7c00,
    fromFloats: toHalves,
    toFloats: (held) => Float32Array.from(held, halfToFloat),
  },
};
