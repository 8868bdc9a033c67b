import type { LinearWeight } from '../../src/families/decoder.ts';
import { halfToFloat, toHalves } from '../../src/model/half.ts';
import type { WeightFile } from './weight-file.ts';

/** A weight as the graph reads it, and the same numbers in plain floats [out, in]. */
export interface QuantisedWeight {
  readonly weight: LinearWeight;
  readonly dense: Float32Array;
}

/** float16 [out, in]. */
export function halves(
  dense: Float32Array,
  outSize: number,
  inSize: number,
  file: WeightFile,
): QuantisedWeight {
  const bits = toHalves(dense);
  return {
    weight: { format: 'float16', weight: file.add(bits, [outSize, inSize]) },
    dense: Float32Array.from(bits, halfToFloat),
  };
}

/** Symmetric int8 with one scale an output, with or without what the rounding left in 256ths. */
export function rowwiseInt8(
  dense: Float32Array,
  outSize: number,
  inSize: number,
  file: WeightFile,
  hasResidual = false,
): QuantisedWeight {
  const scales = Float32Array.from({ length: outSize }, (_, o) => {
    const row = dense.subarray(o * inSize, (o + 1) * inSize);
    return row.reduce((largest, w) => Math.max(largest, Math.abs(w)), 0) / 127;
  });
  const transposed = new Int8Array(outSize * inSize);
  const residuals = new Int8Array(outSize * inSize);
  const rounded = dense.map((w, at) => {
    const o = Math.floor(at / inSize);
    const q = Math.round(w / scales[o]!);
    const r = hasResidual ? Math.min(127, Math.round(256 * (w / scales[o]! - q))) : 0;
    transposed[(at % inSize) * outSize + o] = q;
    residuals[(at % inSize) * outSize + o] = r;
    return (q + r / 256) * scales[o]!;
  });
  return {
    weight: {
      format: 'rowwise-int8',
      weight: file.add(transposed, [inSize, outSize]),
      scales: file.add(scales, [outSize]),
      residual: hasResidual ? file.add(residuals, [inSize, outSize]) : null,
    },
    dense: rounded,
  };
}

/** w = scale * (q - 2^(bits-1)) + offset with arbitrary integers, so that every one of them occurs. */
export function blockwise(
  random: () => number,
  outSize: number,
  inSize: number,
  { bits, blockSize, offsets }: { bits: 4 | 8; blockSize: number; offsets: boolean },
  file: WeightFile,
): QuantisedWeight {
  const blocks = inSize / blockSize;
  const packed = new Uint8Array((outSize * inSize * bits) / 8);
  const scales = Float32Array.from({ length: outSize * blocks }, () => 0.02 + 0.01 * random());
  const minima = Float32Array.from({ length: blocks * outSize }, () => (offsets ? random() : 0));
  const dense = Float32Array.from({ length: outSize * inSize }, (_, at) => {
    const [o, block] = [Math.floor(at / inSize), Math.floor((at % inSize) / blockSize)];
    const q = Math.floor(((random() + 1) / 2) * 2 ** bits);
    const bit = at * bits;
    packed[bit >> 3]! |= q << (bit & 7);
    return scales[o * blocks + block]! * (q - 2 ** (bits - 1)) + minima[block * outSize + o]!;
  });
  return {
    weight: {
      format: 'blockwise',
      bits,
      blockSize,
      weight: file.add(packed, [outSize, blocks, (blockSize * bits) / 8]),
      scales: file.add(scales, [outSize * blocks]),
      offsets: offsets ? file.add(minima, [blocks, outSize]) : null,
    },
    dense,
  };
}
