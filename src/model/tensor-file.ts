import type { StoredTensor } from '../families/decoder.ts';
import type { HashedFile } from './hashed-file.ts';

const ALIGNMENT = 64;

/** A weight file of a bundle: tensors one after the other, each at a multiple of 64 bytes. */
export class TensorFile {
  readonly #name: string;
  readonly #file: HashedFile;

  /** @param name as the graph refers to it */
  constructor(name: string, file: HashedFile) {
    this.#name = name;
    this.#file = file;
  }

  /** Appends a tensor whose bytes come in parts. */
  async add(
    dtype: StoredTensor['dtype'],
    shape: readonly number[],
    parts: AsyncIterable<ArrayBufferView> | Iterable<ArrayBufferView>,
  ): Promise<StoredTensor> {
    await this.#file.align(ALIGNMENT);
    const offset = this.#file.bytes;
    for await (const part of parts) {
      await this.#file.append(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
    return { file: this.#name, dtype, shape, offset, bytes: this.#file.bytes - offset };
  }
}
