import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredTensor } from '../../src/families/decoder.ts';

/** Deterministic numbers in [-1, 1) (a linear congruential generator). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Collects tensors for one external weight file. */
export class WeightFile {
  readonly #parts: { offset: number; data: Uint8Array }[] = [];
  #end = 0;

  /** A Uint16Array holds the bit patterns of float16. */
  add(data: Float32Array | Uint16Array | Int8Array | Uint8Array, shape: readonly number[]): StoredTensor {
    const dtype = dtypeOf(data);
    const offset = Math.ceil(this.#end / 64) * 64;
    this.#parts.push({ offset, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    this.#end = offset + data.byteLength;
    return { file: 'weights.bin', dtype, shape, offset, bytes: data.byteLength };
  }

  write(directory: string): void {
    const file = new Uint8Array(this.#end);
    for (const { offset, data } of this.#parts) file.set(data, offset);
    writeFileSync(join(directory, 'weights.bin'), file);
  }
}

function dtypeOf(data: Float32Array | Uint16Array | Int8Array | Uint8Array): StoredTensor['dtype'] {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Uint16Array) return 'float16';
  return data instanceof Int8Array ? 'int8' : 'uint8';
}
