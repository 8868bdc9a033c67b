import type { BytePairModel } from './tokenizer-json.ts';
import { PairMerger } from './tokenizer-merge.ts';

/** Cuts the pieces that pre-tokenisation makes of a text into tokens. */
export interface PieceTokenizer {
  /** Unknown tokens beside each other count as one, over the borders of pieces. */
  readonly fusesUnknown: boolean;
  /** Yields about every `step` characters. A string that is no token stands for the unknown one. */
  tokens(piece: string, step: number): Generator<undefined, readonly string[]>;
}

const bytes = new TextEncoder();

/** SentencePiece's tokens of single bytes for a text; null where one is missing. */
export function bytesAsTokens(text: string, isToken: (token: string) => boolean): readonly string[] | null {
  const tokens = Array.from(
    bytes.encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  return tokens.every(isToken) ? tokens : null;
}

/** Byte pair encoding of pieces. */
export class BytePairTokenizer implements PieceTokenizer {
  readonly fusesUnknown: boolean;
  private readonly model: BytePairModel;
  private readonly vocab: ReadonlyMap<string, number>;
  private readonly merger: PairMerger;

  constructor(model: BytePairModel) {
    this.model = model;
    this.vocab = new Map(Object.entries(model.vocab));
    this.merger = new PairMerger(this.vocab, model.merges);
    this.fusesUnknown = model.fuse_unk === true;
  }

  *tokens(piece: string, step: number): Generator<undefined, readonly string[]> {
    const { vocab } = this;
    if (this.model.ignore_merges === true && vocab.has(piece)) return [piece];
    const merged = piece.length <= step ? this.merger.merge(piece) : yield* this.merger.steps(piece, step);
    if (merged.every((token) => vocab.has(token))) return merged;
    return merged.flatMap((token) => (vocab.has(token) ? [token] : this.unknown(token)));
  }

  /** A character outside the vocabulary: its bytes where the model has tokens for them, or `unk_token`. */
  private unknown(character: string): readonly string[] {
    const { byte_fallback: fallback, unk_token: unknown } = this.model;
    const tokens = fallback === true ? bytesAsTokens(character, (token) => this.vocab.has(token)) : null;
    return tokens ?? (typeof unknown === 'string' ? [unknown] : []);
  }
}
