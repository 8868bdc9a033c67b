import type { KvView } from '../kv/kv.ts';
import type { PrefixEntry } from '../kv/prefix-cache.ts';
import type { Chunk } from './chunk.ts';
import type { ChunkResults } from './results.ts';

/** Something that reads rows through the model before (or without) decoding: a prompt, an input, a score. */
export interface Work {
  /** Positions that have not run yet. */
  readonly remaining: number;
  /** The sequence so far, one view after the other; branches are not part of it. */
  readonly parts: readonly KvView[];
  /** The next chunk, of at most `budget` positions unless a single branch is longer. */
  nextChunk(budget: number): Chunk;
  /** Takes a chunk's results. */
  accept(chunk: Chunk, results: ChunkResults, view: KvView): void;
}

/** What need not be read any more when work starts. */
export interface Head {
  /** The prompt's prefix, then cached blocks of the input. */
  readonly past: readonly KvView[];
  /** Input tokens that `past` covers. */
  readonly skip: number;
  /** What the encoder made of the input; null in a decoder-only model. */
  readonly source: KvView | null;
  /** The prompt's last row, when its logits are needed: it is then not part of `past`. */
  readonly lead: Float32Array | null;
}

/**
 * Starts at the prompt's end, behind `blocks` of the input, or one row earlier when that row's logits are needed and
 * there is such a row.
 */
export function headOf(prefix: PrefixEntry | null, blocks: readonly KvView[], needsLead: boolean): Head {
  const skip = blocks.reduce((sum, view) => sum + view.length, 0);
  const source = null;
  if (prefix === null) return { past: blocks, skip, source, lead: null };
  if (!needsLead || prefix.lastRow === null) {
    return { past: [prefix.view, ...blocks], skip, source, lead: null };
  }
  const shortened = { ...prefix.view, length: prefix.view.length - 1 };
  return { past: shortened.length === 0 ? [] : [shortened], skip: 0, source, lead: prefix.lastRow };
}
