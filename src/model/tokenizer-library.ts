import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { type AdaptedTokenizer, isUnigram, unsupported } from './tokenizer-json.ts';

/** A stage of pre-tokenisation. `pre_tokenize` applies it to each piece by itself. */
export interface LibraryPreTokenizer {
  readonly config?: { readonly type: string; readonly invert?: boolean };
  /** Of a Split: global. */
  readonly pattern?: RegExp;
  pre_tokenize(pieces: string | string[], options: { readonly section_index: number }): string[];
}

export interface LibraryAddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

/** What we use of `@huggingface/tokenizers` 0.2, whose own types do not resolve from ES modules. */
export interface TokenizerLibrary {
  readonly added_tokens: readonly LibraryAddedToken[];
  /** By content, and by normalised content where the token is matched after normalisation. */
  readonly added_tokens_map: ReadonlyMap<string, LibraryAddedToken>;
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: { readonly tokenizers: readonly LibraryPreTokenizer[] } | null;
  readonly model: {
    readonly tokens_to_ids: ReadonlyMap<string, number>;
    readonly unk_token_id: number | undefined;
  };
  readonly post_processor:
    | ((tokens: string[], pair: null, addSpecialTokens: boolean) => { readonly tokens: string[] })
    | null;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
}

/** @param json see `adaptTokenizerJson`. Throws `unprocessable` tokenizer_unsupported. */
export function openTokenizerLibrary(json: AdaptedTokenizer): TokenizerLibrary {
  try {
    return new HuggingFaceTokenizer({ ...json, model: vocabularyOf(json.model) }, {});
  } catch (cause) {
    throw unsupported('tokenizer', 'a tokenizer that can be loaded', String(cause));
  }
}

/** The vocabulary alone, as a byte pair encoding without merges: cutting into tokens is ours (tokenizer-pieces.ts). */
function vocabularyOf(model: AdaptedTokenizer['model']): object {
  if (!isUnigram(model)) return { ...model, merges: [] };
  const vocab = Object.fromEntries(model.vocab.map(([token], id) => [token, id]));
  return { type: 'BPE', vocab, merges: [], unk_token: model.vocab[model.unk_id]![0] };
}
