import type { ModelConfig } from '../families/index.ts';
import type { StorageType } from './storage.ts';

/** A tensor of the model that is imported, under its Hugging Face name. */
export interface SourceTensor {
  /** With suffix: `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  /** As in transformers: a linear layer's weight is [out, in]. */
  readonly shape: readonly number[];
  readonly storage: StorageType;
}

/** The tokenizer of a bundle: the content of its two files and what the manifest says about it. */
export interface TokenizerFiles {
  readonly tokenizerJson: Uint8Array;
  readonly tokenizerConfig: Uint8Array;
  readonly bos: number | null;
  readonly eos: readonly number[];
  readonly chatTemplate: string | null;
}

/** A file that holds weights of the model. */
export interface SourceFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * A model on disk, whatever its format. Opening one has checked its structure: every tensor lies inside its
 * file. Nothing large is in memory.
 */
export interface WeightSource {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, SourceTensor>;
  /** Names that the source gives itself, e.g. a Hub id. */
  readonly names: readonly string[];
  /** The files that hold the weights. */
  readonly files: readonly SourceFile[];
  /**
   * Stored bytes of rows `start` to `start + count` (along the first axis) in the order of transformers;
   * a tensor of one dimension is one row. Throws `unprocessable` truncated_file when the file has shrunk.
   */
  readRows(tensor: SourceTensor, start: number, count: number): Promise<Uint8Array>;
  readTokenizer(): Promise<TokenizerFiles>;
  close(): Promise<void>;
}

/** Rows and columns of a tensor; one of one dimension is one row. */
export function rowsAndColumns({ shape }: SourceTensor): { readonly rows: number; readonly columns: number } {
  const columns = shape.at(-1) ?? 1;
  return { rows: shape.length === 2 ? shape[0]! : 1, columns };
}
