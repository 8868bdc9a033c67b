import * as ort from 'onnxruntime-node';
import type { KvArray } from './elements.ts';

/** Keys or values as a run takes them; nothing is copied. */
export const kvTensor = (data: KvArray, dims: readonly number[]): ort.Tensor =>
  data instanceof Float32Array
    ? new ort.Tensor('float32', data, dims)
    : new ort.Tensor('float16', data, dims);

/** The keys and values that a run put out. Newer versions of Node have an array for float16, whose bit patterns are wanted. */
export function kvDataOf({ type, data }: ort.Tensor): KvArray {
  if (type === 'float32') return data as Float32Array;
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}
