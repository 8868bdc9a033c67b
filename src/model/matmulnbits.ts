import type { QuantizedBlocks } from './blocks.ts';

/** Operands of com.microsoft MatMulNBits, block after block in the order of the weights. */
export interface PackedBlocks {
  /** The unsigned codes; with 4 bits the even ones in the low and the odd ones in the high nibbles. */
  readonly weight: Uint8Array;
  readonly scales: Float32Array;
  /** What is to be added to every weight of a block; null when the source has no minima. */
  readonly offsets: Float32Array | null;
}

/**
 * The same weights as w = scale * (q - 2^(bits-1)) + offset. Nothing is lost: codes keep their values and only
 * the zero point moves (source: operator documentation of MatMulNBits, "B" and the default zero point).
 */
export function packMatMulNBits({ bits, codes, scales, minima }: QuantizedBlocks): PackedBlocks {
  const zero = 2 ** (bits - 1);
  // Nibbles with a minimum already use 0 to 15: the zero point goes into the offset instead.
  const shift = bits === 4 && minima !== null ? 0 : zero;
  const weight = new Uint8Array((codes.length * bits) / 8);
  if (bits === 8) {
    for (let i = 0; i < codes.length; i++) weight[i] = codes[i]! + shift;
  } else {
    for (let i = 0; i < weight.length; i++) {
      weight[i] = (codes[2 * i]! + shift) | ((codes[2 * i + 1]! + shift) << 4);
    }
  }
  const offsets = minima?.map((minimum, block) => minimum + scales[block]! * (zero - shift)) ?? null;
  return { weight, scales, offsets };
}
