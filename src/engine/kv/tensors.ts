import * as ort from 'onnxruntime-node';
import type { KvArray } from './elements.ts';

/** Keys or values as a run takes them; nothing is copied. */
export function kvTensor(data: KvArray, dims: readonly number[]): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, dims);
  // Where Node has an array for float16 the tensor would turn this one into it, which onnxruntime's binding does not read.
  const tensor: ort.Tensor = new ort.Tensor('uint16', data, dims);
  return Object.assign(tensor, { type: 'float16' as const });
}

/** The keys and values that a run put out. The same arrays of newer versions of Node become bit patterns. */
export function kvDataOf({ type, data }: ort.Tensor): KvArray {
  if (type === 'float32') return data as Float32Array;
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}
