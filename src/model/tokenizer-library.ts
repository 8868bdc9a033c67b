import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { type AdaptedTokenizer, unsupported } from './tokenizer-json.ts';
import { PairMerger } from './tokenizer-merge.ts';

/** What we use of `@huggingface/tokenizers` 0.2, whose own types do not resolve from ES modules. */
export interface TokenizerLibrary {
  readonly model: { bpe: (piece: string) => string[] };
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: number[]; readonly tokens: string[] };
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
  get_added_tokens_decoder(): Map<number, { readonly special: boolean }>;
}

/** @param json see `adaptTokenizerJson`. Throws `unprocessable` tokenizer_unsupported. */
export function openTokenizerLibrary(json: AdaptedTokenizer): TokenizerLibrary {
  const merger = new PairMerger(new Map(Object.entries(json.model.vocab)), json.model.merges);
  let library: TokenizerLibrary;
  try {
    library = new HuggingFaceTokenizer({ ...json, model: { ...json.model, merges: [] } }, {});
  } catch (cause) {
    throw unsupported('tokenizer', 'a tokenizer that can be loaded', String(cause));
  }
  library.model.bpe = (piece) => merger.merge(piece);
  return library;
}
