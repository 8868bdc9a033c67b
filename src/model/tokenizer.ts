import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { BUNDLE_FILES, type Bundle } from './bundle.ts';
import { decodingRules } from './tokenizer-bytes.ts';
import { adaptTokenizerJson } from './tokenizer-json.ts';
import { openTokenizerLibrary } from './tokenizer-library.ts';
import { TextStream } from './tokenizer-stream.ts';

export interface EncodedText {
  readonly ids: readonly number[];
  /** Token strings of the vocabulary, e.g. `Ġworld`. */
  readonly tokens: readonly string[];
}

/** Text to token ids and back, as the Rust `tokenizers` does. */
export interface Tokenizer {
  /** No token stands for more bytes of text than this. */
  readonly maxTokenBytes: number;
  /**
   * Text of special tokens becomes these tokens; a lone surrogate becomes U+FFFD. `addSpecialTokens`: what
   * the tokenizer puts around a sequence, e.g. BOS.
   * Throws `unprocessable` token_outside_model for a token that the model has no embedding for.
   */
  encode(text: string, options: { readonly addSpecialTokens: boolean }): EncodedText;
  /** Spaces are not cleaned up; an id without a token adds nothing. */
  decode(ids: readonly number[], options: { readonly skipSpecialTokens: boolean }): string;
  /** The token's string in the vocabulary; undefined when the id has none. */
  token(id: number): string | undefined;
  /** The bytes that the token adds to a text: possibly part of a character; none for an id without a token. */
  tokenBytes(id: number): Uint8Array;
  isSpecial(id: number): boolean;
  /** Incremental `decode`; of a text that continues another one nothing is cut from the start. */
  textStream(options: { readonly skipSpecialTokens: boolean; readonly continues: boolean }): TextStream;
}

/** Reads tokenizer.json of a bundle. Throws `unprocessable` tokenizer_unsupported. */
export async function loadTokenizer(bundle: Bundle): Promise<Tokenizer> {
  const text = await readFile(join(bundle.directory, BUNDLE_FILES.tokenizer), 'utf8');
  return createTokenizer(JSON.parse(text), bundle.manifest.config.vocabSize);
}

/**
 * @param json content of tokenizer.json
 * @param vocabSize rows of the model's embedding table
 */
export function createTokenizer(json: unknown, vocabSize: number): Tokenizer {
  const adapted = adaptTokenizerJson(json);
  const rules = decodingRules((json as { readonly decoder?: unknown }).decoder);
  const library = openTokenizerLibrary(adapted);
  const special = new Set(
    [...library.get_added_tokens_decoder()].filter(([, token]) => token.special).map(([id]) => id),
  );
  const tokenBytes = (id: number): Uint8Array => {
    const token = library.id_to_token(id);
    return token === undefined ? new Uint8Array() : rules.bytesOf(token);
  };
  const shownBytes = (id: number): Uint8Array => (special.has(id) ? new Uint8Array() : tokenBytes(id));
  const textStream: Tokenizer['textStream'] = ({ skipSpecialTokens, continues }) =>
    new TextStream(skipSpecialTokens ? shownBytes : tokenBytes, continues ? 0 : rules.leadingSpaces);

  return {
    maxTokenBytes: longestToken(library.get_vocab().keys(), rules.bytesOf),
    encode(text, { addSpecialTokens }) {
      const { ids, tokens } = library.encode(text.replace(/\p{Surrogate}/gu, '\ufffd'), {
        add_special_tokens: addSpecialTokens,
      });
      const outside = ids.findIndex((id) => !(id < vocabSize));
      if (outside >= 0) throw outsideModel(tokens[outside]!, ids[outside]!, vocabSize);
      return { ids, tokens };
    },
    decode(ids, options) {
      const stream = textStream({ ...options, continues: false });
      return ids.map((id) => stream.push(id)).join('') + stream.flush();
    },
    token: (id) => library.id_to_token(id),
    tokenBytes,
    isSpecial: (id) => special.has(id),
    textStream,
  };
}

function longestToken(tokens: Iterable<string>, bytesOf: (token: string) => Uint8Array): number {
  let longest = 1;
  for (const token of tokens) longest = Math.max(longest, bytesOf(token).length);
  return longest;
}

function outsideModel(token: string, id: number, vocabSize: number): DomainError {
  return new DomainError(
    'unprocessable',
    'token_outside_model',
    `The text holds the token ${JSON.stringify(token)} with id ${id}; the model knows ids below ${vocabSize}.`,
    { expected: vocabSize, given: id },
  );
}
