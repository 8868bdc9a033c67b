import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { writeError } from './disk-full.ts';

/** Size and SHA-256 (hexadecimal) of a file. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** A new file that is written from front to back and hashed on the way. */
export class HashedFile {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Throws when the file exists. */
  static async create(path: string): Promise<HashedFile> {
    return new HashedFile(await open(path, 'wx'), path);
  }

  /** Bytes written so far: the offset of what comes next. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws `storage_full` disk_full when the disk is. */
  async append(data: Uint8Array): Promise<void> {
    this.#hash.update(data);
    try {
      let written = 0;
      while (written < data.length) {
        written += (await this.#file.write(data, written, data.length - written)).bytesWritten;
      }
    } catch (cause) {
      throw writeError(cause, this.#path);
    }
    this.#bytes += data.length;
  }

  /** Pads with zeros to a multiple of `alignment`. */
  async align(alignment: number): Promise<void> {
    const padding = (alignment - (this.#bytes % alignment)) % alignment;
    if (padding > 0) await this.append(new Uint8Array(padding));
  }

  /** Makes the content durable and closes the file. */
  async finish(): Promise<FileDigest> {
    await this.#file.sync();
    await this.#file.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Closes a file that will not be finished. */
  abandon(): Promise<void> {
    return this.#file.close();
  }
}
