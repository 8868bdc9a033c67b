import { toFloat32 as floatsToFloat32 } from '../formats/safetensors.ts';
import { decodeBlocks, type QuantizedBlocks } from './blocks.ts';
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
  return isFloatStorage(storage) ? floatsToFloat32(bytes, storage) : dequantize(decodeBlocks(storage, bytes));
}
