import { halfToFloat } from './half.ts';
import { type BlockStorage, STORAGE } from './storage.ts';

/**
 * Weights as integer codes with one scale (and minimum) a block: w = scale * code + minimum. The common form
 * of every block-quantised source type, and of what the importer quantises itself.
 */
export interface QuantizedBlocks {
  readonly blockSize: number;
  /** Codes fit in this many bits: signed without minima, unsigned with them. */
  readonly bits: 4 | 8;
  readonly codes: Int8Array;
  /** One a block. */
  readonly scales: Float32Array;
  readonly minima: Float32Array | null;
}

interface BlockLayout {
  /** Weights that share a scale. */
  readonly blockSize: number;
  /** 4: the codes are nibbles. 8: they need more. */
  readonly bits: 4 | 8;
  readonly hasMinima: boolean;
  /** Reads the stored block at `at` into `out`, whose first code is number `element`. */
  readonly decode: (bytes: DataView, at: number, out: QuantizedBlocks, element: number) => void;
}

/** 32 nibbles: the low ones are the first 16 codes, the high ones the rest. */
function decodeNibbles(bytes: DataView, at: number, codes: Int8Array, element: number, zero: number): void {
  for (let i = 0; i < 16; i++) {
    const byte = bytes.getUint8(at + i);
    codes[element + i] = (byte & 15) - zero;
    codes[element + 16 + i] = (byte >> 4) - zero;
  }
}

/** As {@link decodeNibbles}, with the fifth bit of code i in bit i of the 32-bit word at `high`. */
function decodeFiveBits(
  bytes: DataView,
  high: number,
  at: number,
  codes: Int8Array,
  element: number,
  zero: number,
): void {
  const fifth = bytes.getUint32(high, true);
  for (let i = 0; i < 16; i++) {
    const byte = bytes.getUint8(at + i);
    codes[element + i] = ((byte & 15) | (((fifth >>> i) & 1) << 4)) - zero;
    codes[element + 16 + i] = ((byte >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) - zero;
  }
}

/** Eight 6-bit scales and eight 6-bit minima in 12 bytes: the last four of each keep their top bits in the first eight bytes. */
function decodeQ4K(bytes: DataView, at: number, out: QuantizedBlocks, element: number): void {
  const scale = halfToFloat(bytes.getUint16(at, true));
  const minimum = halfToFloat(bytes.getUint16(at + 2, true));
  const packed = (i: number): number => bytes.getUint8(at + 4 + i);
  const block = element / 32;
  for (let i = 0; i < 8; i++) {
    const [s, m] =
      i < 4
        ? [packed(i) & 63, packed(i + 4) & 63]
        : [
            (packed(i + 4) & 15) | ((packed(i - 4) >> 6) << 4),
            (packed(i + 4) >> 4) | ((packed(i) >> 6) << 4),
          ];
    out.scales[block + i] = scale * s;
    out.minima![block + i] = -Math.fround(minimum * m);
  }
  for (let pair = 0; pair < 4; pair++) {
    for (let i = 0; i < 32; i++) {
      const byte = bytes.getUint8(at + 16 + pair * 32 + i);
      out.codes[element + pair * 64 + i] = byte & 15;
      out.codes[element + pair * 64 + 32 + i] = byte >> 4;
    }
  }
}

/** 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 int8 scales, one half-precision scale of the scales. */
function decodeQ6K(bytes: DataView, at: number, out: QuantizedBlocks, element: number): void {
  const scale = halfToFloat(bytes.getUint16(at + 208, true));
  for (let i = 0; i < 16; i++) out.scales[element / 16 + i] = scale * bytes.getInt8(at + 192 + i);
  for (let half = 0; half < 2; half++) {
    const low = at + half * 64;
    const high = at + 128 + half * 32;
    const first = element + half * 128;
    for (let i = 0; i < 32; i++) {
      const a = bytes.getUint8(low + i);
      const b = bytes.getUint8(low + 32 + i);
      const upper = bytes.getUint8(high + i);
      out.codes[first + i] = ((a & 15) | ((upper & 3) << 4)) - 32;
      out.codes[first + 32 + i] = ((b & 15) | (((upper >> 2) & 3) << 4)) - 32;
      out.codes[first + 64 + i] = ((a >> 4) | (((upper >> 4) & 3) << 4)) - 32;
      out.codes[first + 96 + i] = ((b >> 4) | ((upper >> 6) << 4)) - 32;
    }
  }
}

/** Byte layouts: `block_q4_0` and so on in ggml's `ggml-common.h`. */
export const BLOCK_LAYOUTS: Readonly<Record<BlockStorage, BlockLayout>> = {
  Q4_0: {
    blockSize: 32,
    bits: 4,
    hasMinima: false,
    decode: (bytes, at, out, element) => {
      out.scales[element / 32] = halfToFloat(bytes.getUint16(at, true));
      decodeNibbles(bytes, at + 2, out.codes, element, 8);
    },
  },
  Q4_1: {
    blockSize: 32,
    bits: 4,
    hasMinima: true,
    decode: (bytes, at, out, element) => {
      out.scales[element / 32] = halfToFloat(bytes.getUint16(at, true));
      out.minima![element / 32] = halfToFloat(bytes.getUint16(at + 2, true));
      decodeNibbles(bytes, at + 4, out.codes, element, 0);
    },
  },
  Q5_0: {
    blockSize: 32,
    bits: 8,
    hasMinima: false,
    decode: (bytes, at, out, element) => {
      out.scales[element / 32] = halfToFloat(bytes.getUint16(at, true));
      decodeFiveBits(bytes, at + 2, at + 6, out.codes, element, 16);
    },
  },
  Q5_1: {
    blockSize: 32,
    bits: 8,
    hasMinima: true,
    decode: (bytes, at, out, element) => {
      out.scales[element / 32] = halfToFloat(bytes.getUint16(at, true));
      out.minima![element / 32] = halfToFloat(bytes.getUint16(at + 2, true));
      decodeFiveBits(bytes, at + 4, at + 8, out.codes, element, 0);
    },
  },
  Q8_0: {
    blockSize: 32,
    bits: 8,
    hasMinima: false,
    decode: (bytes, at, out, element) => {
      out.scales[element / 32] = halfToFloat(bytes.getUint16(at, true));
      for (let i = 0; i < 32; i++) out.codes[element + i] = bytes.getInt8(at + 2 + i);
    },
  },
  Q4_K: { blockSize: 32, bits: 4, hasMinima: true, decode: decodeQ4K },
  Q6_K: { blockSize: 16, bits: 8, hasMinima: false, decode: decodeQ6K },
};

/** Unpacks whole stored blocks. `bytes.length` must be a multiple of the type's block. */
export function decodeBlocks(storage: BlockStorage, bytes: Uint8Array): QuantizedBlocks {
  const stored = STORAGE[storage];
  const layout = BLOCK_LAYOUTS[storage];
  const elements = (bytes.length / stored.bytes) * stored.elements;
  const out: QuantizedBlocks = {
    blockSize: layout.blockSize,
    bits: layout.bits,
    codes: new Int8Array(elements),
    scales: new Float32Array(elements / layout.blockSize),
    minima: layout.hasMinima ? new Float32Array(elements / layout.blockSize) : null,
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, element = 0; at < bytes.length; at += stored.bytes, element += stored.elements) {
    layout.decode(view, at, out, element);
  }
  return out;
}
