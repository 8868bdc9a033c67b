/**
 * How the numbers of a source tensor lie in its file: `elements` values in every `bytes` bytes. Names and
 * sizes are ggml's (`ggml-common.h`); safetensors' F32, F16 and BF16 are the same.
 */
export const STORAGE = {
  F32: { elements: 1, bytes: 4 },
  F16: { elements: 1, bytes: 2 },
  BF16: { elements: 1, bytes: 2 },
  Q4_0: { elements: 32, bytes: 18 },
  Q4_1: { elements: 32, bytes: 20 },
  Q5_0: { elements: 32, bytes: 22 },
  Q5_1: { elements: 32, bytes: 24 },
  Q8_0: { elements: 32, bytes: 34 },
  Q4_K: { elements: 256, bytes: 144 },
  Q6_K: { elements: 256, bytes: 210 },
} as const;

export type StorageType = keyof typeof STORAGE;
export type FloatStorage = 'F32' | 'F16' | 'BF16';
export type BlockStorage = Exclude<StorageType, FloatStorage>;

export function isFloatStorage(storage: StorageType): storage is FloatStorage {
  return storage === 'F32' || storage === 'F16' || storage === 'BF16';
}

/** Bytes of `elements` values, which must fill whole blocks. */
export function storedBytes(storage: StorageType, elements: number): number {
  const block = STORAGE[storage];
  return (elements / block.elements) * block.bytes;
}
