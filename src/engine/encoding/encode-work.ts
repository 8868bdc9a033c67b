import type { EncodeInputs } from '../backend.ts';
import { alignPast, type KvView } from '../kv/kv.ts';
import type { PrefixEntry } from '../kv/prefix-cache.ts';
import type { EmbeddingTable } from '../reading/embeddings.ts';
import { sourceBias } from './source-bias.ts';

/**
 * Reads a prompt and an input through the encoder. Every position sees every other, so a source runs whole, in one
 * run, however long it is.
 */
export class EncodeWork {
  private readonly table: EmbeddingTable;
  private readonly prefix: PrefixEntry | null;
  private readonly ids: readonly number[];
  private encoded: KvView | null = null;

  constructor(table: EmbeddingTable, prefix: PrefixEntry | null, ids: readonly number[]) {
    this.table = table;
    this.prefix = prefix;
    this.ids = ids;
  }

  /** Virtual tokens and input. */
  get length(): number {
    return this.virtualTokens + this.ids.length;
  }

  get remaining(): number {
    return this.encoded === null ? this.length : 0;
  }

  /** What the decoder's cross-attention reads; there once nothing remains. */
  get result(): KvView {
    return this.encoded!;
  }

  accept(view: KvView): void {
    this.encoded = view;
  }

  /** Writes the source's embeddings [length, hidden]. */
  writeRows(target: Float32Array): void {
    const { hiddenSize } = this.table;
    if (this.prefix !== null) {
      const { data, offset, length } = this.prefix.view;
      target.set(data(0).subarray(offset(0), offset(0) + length * hiddenSize));
    }
    this.ids.forEach((id, i) => {
      target.set(this.table.row(id), (this.virtualTokens + i) * hiddenSize);
    });
  }

  private get virtualTokens(): number {
    return this.prefix?.view.length ?? 0;
  }
}

export const isEncodeWork = (work: object): work is EncodeWork => work instanceof EncodeWork;

/** Puts sources together as the rows of one run, padded on the right to the longest. */
export function assembleEncode(works: readonly EncodeWork[], hiddenSize: number): EncodeInputs {
  const lengths = works.map((work) => work.length);
  // As of every past, so that a row's sums do not depend on its companions.
  const length = alignPast(Math.max(...lengths));
  const stride = length * hiddenSize;
  const embeds = new Float32Array(works.length * stride);
  works.forEach((work, row) => {
    work.writeRows(embeds.subarray(row * stride, (row + 1) * stride));
  });
  return { batch: works.length, length, embeds, bias: sourceBias(lengths, length) };
}
