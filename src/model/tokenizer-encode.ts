import type { LibraryPreTokenizer, TokenizerLibrary } from './tokenizer-library.ts';
import type { PieceTokenizer } from './tokenizer-pieces.ts';
import { anyOf, splitOut } from './tokenizer-sections.ts';

/**
 * Text to tokens in small steps, so that a text of any length can share the thread. The order of work is that
 * of `@huggingface/tokenizers` and gives the same tokens: added tokens are taken out, the sections between
 * them are normalised and split into pieces, and each piece is cut into tokens. But the pieces of a long section are
 * taken from the splitting expression one after the other, and the work on a long piece is interrupted.
 */
export class StepwiseEncoder {
  private readonly library: TokenizerLibrary;
  private readonly stages: readonly LibraryPreTokenizer[];
  private readonly pieceTokenizer: PieceTokenizer;
  private readonly normalizer: ((text: string) => string) | null;
  private readonly unnormalized: RegExp | null;
  private readonly normalized: RegExp | null;
  private readonly step: number;

  /**
   * @param normalizer of the sections between added tokens
   * @param step characters between two yields
   */
  constructor(
    library: TokenizerLibrary,
    normalizer: ((text: string) => string) | null,
    pieceTokenizer: PieceTokenizer,
    step: number,
  ) {
    this.library = library;
    this.normalizer = normalizer;
    this.step = step;
    this.stages = library.pre_tokenizer?.tokenizers ?? [];
    this.pieceTokenizer = pieceTokenizer;
    const { added_tokens } = library;
    const isNormalized = (token: { readonly normalized: boolean }) => token.normalized && normalizer !== null;
    const unnormalized = added_tokens.filter((token) => !isNormalized(token));
    this.unnormalized = anyOf(unnormalized.map(({ content }) => content));
    this.normalized = anyOf(added_tokens.filter(isNormalized).map(({ content }) => normalizer!(content)));
  }

  /** Adds the tokens of `text` to `tokens`, without what a sequence is put between; yields after each step. */
  *encode(text: string, tokens: string[]): Generator<undefined, void> {
    const added = this.library.added_tokens_map;
    const { normalizer } = this;
    let index = -1;
    for (const section of splitOut(text, this.unnormalized, added)) {
      index++;
      if (added.has(section)) {
        tokens.push(section);
        if (index % this.step === this.step - 1) yield;
        continue;
      }
      if (section === '') continue;
      const subsections = splitOut(normalizer?.(section) ?? section, this.normalized, added);
      let count = 0;
      for (const subsection of subsections) {
        if (added.has(subsection)) tokens.push(subsection);
        else if (subsection !== '') yield* this.section(subsection, index, tokens);
        if (++count % this.step === 0) yield;
      }
    }
  }

  /** Text without added tokens. */
  private *section(text: string, index: number, tokens: string[]): Generator<undefined, void> {
    const { tokens_to_ids: vocab, unk_token_id: unknown } = this.library.model;
    const { fusesUnknown: fuse } = this.pieceTokenizer;
    let afterUnknown = false;
    for (const batch of this.pieces(text, 0, index)) {
      let work = 0;
      for (const piece of batch) {
        for (const token of yield* this.pieceTokenizer.tokens(piece, this.step)) {
          const isUnknown = fuse && vocab.get(token) === unknown;
          if (!(isUnknown && afterUnknown)) tokens.push(token);
          afterUnknown = isUnknown;
        }
        work += piece.length;
        if (work >= this.step) {
          work = 0;
          yield;
        }
      }
      yield;
    }
  }

  /** What the stages from `stage` on make of a text: short texts at once, long ones piece by piece. */
  private *pieces(text: string, stage: number, index: number): Generator<readonly string[], void> {
    if (stage === this.stages.length) {
      yield [text];
      return;
    }
    if (text.length <= this.step) {
      yield this.shortPieces([text], stage, index);
      return;
    }
    const next = this.stages[stage]!;
    if (next.config?.type === 'ByteLevel') {
      yield* this.pieces(yield* this.mapBytes(next, text, index), stage + 1, index);
      return;
    }
    let batch: string[] = [];
    let size = 0;
    for (const part of splitLazily(next, text, index)) {
      if (part.length > this.step || size + part.length > this.step) {
        if (batch.length > 0) yield this.shortPieces(batch, stage + 1, index);
        batch = [];
        size = 0;
      }
      if (part.length > this.step) {
        yield* this.pieces(part, stage + 1, index);
      } else {
        batch.push(part);
        size += part.length;
      }
    }
    if (batch.length > 0) yield this.shortPieces(batch, stage + 1, index);
  }

  /** ByteLevel makes one piece of a text: only its characters become others. */
  private *mapBytes(
    stage: LibraryPreTokenizer,
    text: string,
    index: number,
  ): Generator<readonly string[], string> {
    let mapped = '';
    for (let start = 0, end = 0; start < text.length; start = end) {
      end = Math.min(start + this.step, text.length);
      if (end < text.length && (text.codePointAt(end - 1) ?? 0) > 0xffff) end++;
      mapped += stage.pre_tokenize(text.slice(start, end), { section_index: index }).join('');
      yield [];
    }
    return mapped;
  }

  private shortPieces(texts: string[], stage: number, index: number): string[] {
    return this.stages
      .slice(stage)
      .reduce((pieces, next) => next.pre_tokenize(pieces, { section_index: index }), texts);
  }
}

/** The parts that a stage makes of one long text, as its `pre_tokenize` gives them. */
function* splitLazily(stage: LibraryPreTokenizer, text: string, index: number): Generator<string, void> {
  if (stage.config?.type === 'Split' && stage.pattern !== undefined) {
    let end = 0;
    for (const match of text.matchAll(stage.pattern)) {
      // Inverted means that only the matches stay (see tokenizer-json.ts).
      if (!stage.config?.invert && end < match.index) yield text.slice(end, match.index);
      if (match[0] !== '') yield match[0];
      end = match.index + match[0].length;
    }
    if (!stage.config?.invert && end < text.length) yield text.slice(end);
  } else {
    yield* stage.pre_tokenize(text, { section_index: index });
  }
}
