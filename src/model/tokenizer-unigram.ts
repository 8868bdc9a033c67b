import { bytesAsTokens, type PieceTokenizer } from './tokenizer-pieces.ts';

/** A unigram language model (Kudo 2018), checked as far as its entries' types. */
export interface UnigramModel {
  readonly type: 'Unigram';
  /** Token and log-probability, by id. */
  readonly vocab: readonly (readonly [string, number])[];
  readonly unk_id: number;
  readonly byte_fallback: boolean;
}

/** An unknown character is this much worse than the worst token. */
const UNKNOWN_PENALTY = 10;
const MAX_CACHED_PIECES = 20_000;
const MAX_CACHED_LENGTH = 64;

/**
 * Cuts a piece of text into the likeliest tokens (Viterbi), as the Rust `tokenizers` do: of equally likely ways the
 * one found first, unknown characters beside each other as one.
 */
export class UnigramTokenizer implements PieceTokenizer {
  readonly fusesUnknown = false;
  /** Score of each token, and NaN for each beginning of one that is none itself. */
  private readonly scores = new Map<string, number>();
  private readonly unknownScore: number;
  private readonly byteFallback: boolean;
  private readonly cache = new Map<string, readonly string[]>();

  constructor({ vocab, byte_fallback }: UnigramModel) {
    for (const [token, score] of vocab) {
      this.scores.set(token, score);
      for (let end = token.length - 1; end > 0 && !this.scores.has(token.slice(0, end)); end--) {
        this.scores.set(token.slice(0, end), Number.NaN);
      }
    }
    this.unknownScore =
      vocab.reduce((least, [, score]) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
    this.byteFallback = byte_fallback;
  }

  *tokens(piece: string, step: number): Generator<undefined, readonly string[]> {
    const known = this.cache.get(piece);
    if (known !== undefined) return known;
    const starts = yield* this.bestStarts(piece, step);
    const tokens = this.cut(piece, starts);
    if (piece.length <= MAX_CACHED_LENGTH) {
      if (this.cache.size >= MAX_CACHED_PIECES) this.cache.clear();
      this.cache.set(piece, tokens);
    }
    return tokens;
  }

  /** For the end of each character the start of the last token of the best way there; negative: unknown. */
  private *bestStarts(piece: string, step: number): Generator<undefined, Int32Array> {
    const best = new Float64Array(piece.length + 1).fill(Number.NEGATIVE_INFINITY);
    const starts = new Int32Array(piece.length + 1);
    best[0] = 0;
    const offer = (start: number, end: number, score: number, isKnown: boolean): void => {
      const total = best[start]! + score;
      if (total <= best[end]!) return;
      best[end] = total;
      starts[end] = isKnown ? start : -1 - start;
    };
    for (let start = 0, next = 0; start < piece.length; start = next) {
      next = start + ((piece.codePointAt(start) ?? 0) > 0xffff ? 2 : 1);
      let hasSingle = false;
      for (let end = start + 1; end <= piece.length; end++) {
        const score = this.scores.get(piece.slice(start, end));
        if (score === undefined) break;
        if (Number.isNaN(score)) continue;
        offer(start, end, score, true);
        if (end === next) hasSingle = true;
      }
      if (!hasSingle) offer(start, next, this.unknownScore, false);
      if (Math.floor(next / step) > Math.floor(start / step)) yield;
    }
    return starts;
  }

  private cut(piece: string, starts: Int32Array): readonly string[] {
    const tokens: string[] = [];
    let unknownEnd: number | null = null;
    const flush = (start: number): void => {
      if (unknownEnd !== null) tokens.push(...this.unknown(piece.slice(start, unknownEnd)).toReversed());
      unknownEnd = null;
    };
    for (let end = piece.length; end > 0; ) {
      const start = starts[end]!;
      if (start < 0) {
        unknownEnd ??= end;
        end = -1 - start;
      } else {
        flush(end);
        tokens.push(piece.slice(start, end));
        end = start;
      }
    }
    flush(0);
    return tokens.reverse();
  }

  /** Characters outside the vocabulary: their bytes where there are tokens for them, or themselves: unk. */
  private unknown(text: string): readonly string[] {
    const isToken = (token: string): boolean => !Number.isNaN(this.scores.get(token) ?? Number.NaN);
    return (this.byteFallback && bytesAsTokens(text, isToken)) || [text];
  }
}
