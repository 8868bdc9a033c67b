import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILES, type Bundle } from './bundle.ts';

/** Single rows of a bundle's embedding table, read from its file when they are asked for. */
export class EmbeddingFile {
  private readonly file: FileHandle;
  private readonly hiddenSize: number;

  private constructor(file: FileHandle, hiddenSize: number) {
    this.file = file;
    this.hiddenSize = hiddenSize;
  }

  static async open({ directory, manifest }: Bundle): Promise<EmbeddingFile> {
    return new EmbeddingFile(
      await open(join(directory, BUNDLE_FILES.embeddings)),
      manifest.config.hiddenSize,
    );
  }

  /** The embedding of a token id, Float32 [hidden]. */
  async row(id: number): Promise<Float32Array> {
    const row = new Float32Array(this.hiddenSize);
    await this.file.read(new Uint8Array(row.buffer), 0, row.byteLength, id * row.byteLength);
    return row;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
