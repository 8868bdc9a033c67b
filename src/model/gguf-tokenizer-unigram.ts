import type { TokenizerParts } from './gguf-tokenizer-bpe.ts';
import { fieldError, type GgufMetadata, readBoolean, readNumbers } from './gguf-tokenizer-fields.ts';

const SPACE = '\u2581';
const CHARS_MAP = 'tokenizer.ggml.precompiled_charsmap';
const MAX_CHARS_MAP = 1 << 22;

/**
 * `tokenizer.ggml.model` t5: a SentencePiece unigram vocabulary, in the form of the published T5 files.
 * @param usable for each id whether text may become it
 */
export function unigramParts(
  metadata: GgufMetadata,
  tokens: readonly string[],
  usable: (id: number) => boolean,
  unknown: number | null,
): TokenizerParts {
  const scores = readNumbers(metadata, 'tokenizer.ggml.scores', tokens.length);
  if (scores === null) throw fieldError('tokenizer.ggml.scores', 'one score a token', undefined);
  if (unknown === null) throw fieldError('tokenizer.ggml.unknown_token_id', 'a token', undefined);
  for (const field of ['add_space_prefix', 'remove_extra_whitespaces']) {
    if (!readBoolean(metadata, `tokenizer.ggml.${field}`, true)) {
      throw fieldError(`tokenizer.ggml.${field}`, 'true', false);
    }
  }
  const metaspace = { type: 'Metaspace', replacement: SPACE, prepend_scheme: 'always', split: true };
  return {
    normalizer: charsMap(metadata),
    preTokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: unknown,
      byte_fallback: false,
      // What text must never become keeps its place under a name that no text has: encoding replaces lone surrogates.
      vocab: tokens.map((token, id) => [usable(id) ? token : `\ud800${id}`, scores[id]!]),
    },
    addBos: false,
    addEos: true,
  };
}

function charsMap(metadata: GgufMetadata): object | null {
  const value = metadata[CHARS_MAP];
  if (value === undefined) return null;
  const bytes: readonly unknown[] = Array.isArray(value) ? value : [];
  const isByte = (byte: unknown): byte is number => typeof byte === 'number' && byte >= -128 && byte < 256;
  if (bytes.length === 0 || bytes.length > MAX_CHARS_MAP || !bytes.every(isByte)) {
    throw fieldError(CHARS_MAP, `1 to ${MAX_CHARS_MAP} bytes`, `${bytes.length} elements`);
  }
  return { type: 'Precompiled', precompiled_charsmap: Buffer.from(bytes).toString('base64') };
}
