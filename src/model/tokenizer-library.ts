import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { unsupported } from './tokenizer-json.ts';

/** What we use of `@huggingface/tokenizers` 0.2, whose own types do not resolve from ES modules. */
export interface TokenizerLibrary {
  readonly model: { readonly cache: PieceCache };
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: number[]; readonly tokens: string[] };
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
  get_added_tokens_decoder(): Map<number, { readonly special: boolean }>;
}

/** Tokens of recently seen pieces of text. */
interface PieceCache {
  get(piece: string): string[] | undefined;
  put(piece: string, tokens: string[]): void;
}

/** @param json see `adaptTokenizerJson`. Throws `unprocessable` tokenizer_unsupported. */
export function openTokenizerLibrary(json: Record<string, unknown>): TokenizerLibrary {
  let library: TokenizerLibrary;
  try {
    library = new HuggingFaceTokenizer(json, {});
  } catch (cause) {
    throw unsupported('tokenizer', 'a tokenizer that can be loaded', String(cause));
  }
  replaceCache(library.model.cache);
  return library;
}

const MAX_CACHED_PIECES = 20_000;

/**
 * The library's LRU cache deletes and re-inserts an entry at every hit, which V8's Map answers with long
 * chains of deleted entries: 20 microseconds a hit, 2 s for 100,000 digits. This one is emptied when full.
 */
function replaceCache(cache: PieceCache): void {
  const pieces = new Map<string, string[]>();
  cache.get = (piece) => pieces.get(piece);
  cache.put = (piece, tokens) => {
    if (pieces.size >= MAX_CACHED_PIECES) pieces.clear();
    pieces.set(piece, tokens);
  };
}
