import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { BUNDLE_FILES, type Bundle } from './bundle.ts';
import { decodingRules } from './tokenizer-bytes.ts';
import { CharsMap } from './tokenizer-charsmap.ts';
import { StepwiseEncoder } from './tokenizer-encode.ts';
import { type AdaptedTokenizer, adaptTokenizerJson, isUnigram } from './tokenizer-json.ts';
import { openTokenizerLibrary, type TokenizerLibrary } from './tokenizer-library.ts';
import { BytePairTokenizer, type PieceTokenizer } from './tokenizer-pieces.ts';
import { TextStream } from './tokenizer-stream.ts';
import { UnigramTokenizer } from './tokenizer-unigram.ts';

/** One or two milliseconds of work. */
const STEP = 4096;

export interface EncodedText {
  readonly ids: readonly number[];
  /** Token strings of the vocabulary, e.g. `Ġworld`. */
  readonly tokens: readonly string[];
}

interface EncodeOptions {
  readonly addSpecialTokens: boolean;
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
  encode(text: string, options: EncodeOptions): EncodedText;
  /**
   * {@link encode} in steps of about a millisecond, for texts of any length: yields the number of tokens found
   * so far after each.
   */
  encodeSteps(text: string, options: EncodeOptions): Generator<number, EncodedText>;
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
 * @param step characters that one step of `encodeSteps` takes
 */
export function createTokenizer(json: unknown, vocabSize: number, step = STEP): Tokenizer {
  const adapted = adaptTokenizerJson(json);
  const rules = decodingRules((json as { readonly decoder?: unknown }).decoder);
  const library = openTokenizerLibrary(adapted);
  const encoder = new StepwiseEncoder(library, normalizerOf(adapted, library), pieceTokenizer(adapted), step);
  const special = new Set(library.added_tokens.filter((token) => token.special).map(({ id }) => id));
  const bytesOfId = new Map<number, Uint8Array>();
  const tokenBytes = (id: number): Uint8Array => {
    const known = bytesOfId.get(id);
    if (known !== undefined) return known;
    const token = library.id_to_token(id);
    if (token === undefined) return new Uint8Array();
    const bytes = rules.bytesOf(token);
    bytesOfId.set(id, bytes);
    return bytes;
  };
  const shownBytes = (id: number): Uint8Array => (special.has(id) ? new Uint8Array() : tokenBytes(id));
  const textStream: Tokenizer['textStream'] = ({ skipSpecialTokens, continues }) =>
    new TextStream(skipSpecialTokens ? shownBytes : tokenBytes, continues ? 0 : rules.leadingSpaces);
  const idOf = (token: string): number | undefined =>
    library.added_tokens_map.get(token)?.id ??
    library.model.tokens_to_ids.get(token) ??
    library.model.unk_token_id;
  const encodeSteps: Tokenizer['encodeSteps'] = function* (text, { addSpecialTokens }) {
    const found: string[] = [];
    for (const _ of encoder.encode(text.replace(/\p{Surrogate}/gu, '\ufffd'), found)) yield found.length;
    const tokens = library.post_processor?.(found, null, addSpecialTokens).tokens ?? found;
    const ids = tokens.map((token) => {
      const id = idOf(token);
      if (id === undefined || id >= vocabSize) throw outsideModel(token, id, vocabSize);
      return id;
    });
    return { ids, tokens };
  };

  return {
    maxTokenBytes: longestToken(library.get_vocab().keys(), rules.bytesOf),
    encode(text, options) {
      const steps = encodeSteps(text, options);
      let step = steps.next();
      while (!step.done) step = steps.next();
      return step.value;
    },
    encodeSteps,
    decode(ids, options) {
      const stream = textStream({ ...options, continues: false });
      return stream.pushAll(ids) + stream.flush();
    },
    token: (id) => library.id_to_token(id),
    tokenBytes,
    isSpecial: (id) => special.has(id),
    textStream,
  };
}

function pieceTokenizer({ model }: AdaptedTokenizer): PieceTokenizer {
  return isUnigram(model) ? new UnigramTokenizer(model) : new BytePairTokenizer(model);
}

/** The compiled map, if any, and then the library's. */
function normalizerOf(
  { charsMap }: AdaptedTokenizer,
  { normalizer }: TokenizerLibrary,
): ((text: string) => string) | null {
  if (charsMap === null) return normalizer;
  const map = new CharsMap(charsMap, 'normalizer');
  return (text) => {
    const mapped = map.normalize(text);
    return normalizer === null ? mapped : normalizer(mapped);
  };
}

function longestToken(tokens: Iterable<string>, bytesOf: (token: string) => Uint8Array): number {
  let longest = 1;
  for (const token of tokens) longest = Math.max(longest, bytesOf(token).length);
  return longest;
}

function outsideModel(token: string, id: number | undefined, vocabSize: number): DomainError {
  return new DomainError(
    'unprocessable',
    'token_outside_model',
    `The text holds the token ${JSON.stringify(token)} with id ${id}; the model knows ids below ${vocabSize}.`,
    { expected: vocabSize, given: id },
  );
}
