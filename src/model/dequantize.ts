import { decodeBlocks, type QuantizedBlocks } from './blocks.ts';
import { halfToFloat } from './half.ts';
import { isFloatStorage, type StorageType } from './storage.ts';

/** w = scale * code + minimum in float32 arithmetic, rounded after each operation as ggml's reference code does. */
export function dequantize(blocks: QuantizedBlocks): Float32Array {
  const { blockSize, codes, scales, minima } = blocks;
  const out = new Float32Array(codes.length);
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block]!;
    const end = (block + 1) * blockSize;
    if (minima === null) {
      for (let i = end - blockSize; i < end; i++) out[i] = scale * codes[i]!;
    } else {
      const minimum = minima[block]!;
      for (let i = end - blockSize; i < end; i++) out[i] = Math.fround(scale * codes[i]!) + minimum;
    }
  }
  return out;
}

/** The values of stored bytes (little-endian), bit for bit what ggml's `dequantize_row_*` gives. */
export function toFloat32(storage: StorageType, bytes: Uint8Array): Float32Array {
  if (!isFloatStorage(storage)) return dequantize(decodeBlocks(storage, bytes));
  if (storage === 'F32') {
    const out = new Float32Array(bytes.length / 4);
    new Uint8Array(out.buffer).set(bytes);
    return out;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(bytes.length / 2);
  if (storage === 'F16') {
    for (let i = 0; i < out.length; i++) out[i] = halfToFloat(view.getUint16(2 * i, true));
  } else {
    // BF16 is the upper half of a float32.
    const words = new Uint32Array(out.buffer);
    for (let i = 0; i < words.length; i++) words[i] = view.getUint16(2 * i, true) << 16;
  }
  return out;
}
