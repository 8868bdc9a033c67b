import { join } from 'node:path';
import type { StoredTensor } from '../families/decoder.ts';
import { type FileDigest, HashedFile } from './hashed-file.ts';

const ALIGNMENT = 64;

type Parts = AsyncIterable<ArrayBufferView> | Iterable<ArrayBufferView>;

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
  async add(dtype: StoredTensor['dtype'], shape: readonly number[], parts: Parts): Promise<StoredTensor> {
    return { file: this.#name, dtype, shape, ...(await this.addBytes(parts)) };
  }

  /** Appends the bytes of a tensor whose type does not matter. */
  async addBytes(parts: Parts): Promise<Pick<StoredTensor, 'offset' | 'bytes'>> {
    await this.#file.align(ALIGNMENT);
    const offset = this.#file.bytes;
    for await (const part of parts) {
      await this.#file.append(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
    return { offset, bytes: this.#file.bytes - offset };
  }
}

/** Writes a new weight file `name` into `directory`; when `write` fails it is closed and left to be removed. */
export async function writeTensors<T>(
  directory: string,
  name: string,
  write: (file: TensorFile) => Promise<T>,
): Promise<{ readonly result: T; readonly digest: FileDigest }> {
  const file = await HashedFile.create(join(directory, name));
  try {
    const result = await write(new TensorFile(name, file));
    return { result, digest: await file.finish() };
  } catch (error) {
    await file.abandon();
    throw error;
  }
}
