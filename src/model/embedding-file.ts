import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILES, type Bundle } from './bundle.ts';

const READS_AT_A_TIME = 64;

/** Token embeddings of a bundle as they enter the model, read from its file when they are asked for. */
export class EmbeddingFile {
  private readonly file: FileHandle;
  private readonly hiddenSize: number;
  private readonly scale: number;

  private constructor(file: FileHandle, hiddenSize: number, scale: number) {
    this.file = file;
    this.hiddenSize = hiddenSize;
    this.scale = scale;
  }

  static async open({ directory, manifest }: Bundle): Promise<EmbeddingFile> {
    const { hiddenSize, embeddingScale = 1 } = manifest.config;
    return new EmbeddingFile(
      await open(join(directory, BUNDLE_FILES.embeddings)),
      hiddenSize,
      embeddingScale,
    );
  }

  /** The embedding of a token id, Float32 [hidden]. */
  async row(id: number): Promise<Float32Array> {
    const row = new Float32Array(this.hiddenSize);
    await this.file.read(new Uint8Array(row.buffer), 0, row.byteLength, id * row.byteLength);
    return this.scale === 1 ? row : row.map((value) => value * this.scale);
  }

  /** The embeddings of token ids, Float32 [ids, hidden]. */
  async rows(ids: readonly number[]): Promise<Float32Array> {
    const rows = new Float32Array(ids.length * this.hiddenSize);
    const bytes = new Uint8Array(rows.buffer);
    const rowBytes = this.hiddenSize * Float32Array.BYTES_PER_ELEMENT;
    for (let from = 0; from < ids.length; from += READS_AT_A_TIME) {
      const some = ids.slice(from, from + READS_AT_A_TIME);
      await Promise.all(
        some.map((id, i) => this.file.read(bytes, (from + i) * rowBytes, rowBytes, id * rowBytes)),
      );
    }
    if (this.scale !== 1) for (let i = 0; i < rows.length; i++) rows[i]! *= this.scale;
    return rows;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
