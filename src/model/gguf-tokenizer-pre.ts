import { fieldError } from './gguf-tokenizer-fields.ts';

/** How a GGUF's `tokenizer.ggml.pre` splits text before byte-level BPE, in tokenizer.json's terms. */
export interface PreTokenization {
  readonly normalizer: object | null;
  /** Each expression splits the pieces of the one before into its matches and what lies between them. */
  readonly splits: readonly string[];
  /** A piece that is a token as a whole is taken before any merge. */
  readonly ignoreMerges: boolean;
  /** Whether a sequence starts with BOS when `tokenizer.ggml.add_bos_token` is absent. */
  readonly addBos: boolean;
}

/** GPT-2's expression (Radford et al. 2019), also the one inside tokenizer.json's `ByteLevel`. */
export const GPT2_SPLIT =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORDS = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const REST = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const LLAMA3_SPLIT = `${CONTRACTIONS}|${WORDS}|\\p{N}{1,3}|${REST}`;
const QWEN2_SPLIT = `${CONTRACTIONS}|${WORDS}|\\p{N}|${REST}`;

const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const BEFORE_WORD = '[^\\r\\n\\p{L}\\p{N}]?';
const TEKKEN_SPLIT =
  `${BEFORE_WORD}${UPPER}*${LOWER}+|${BEFORE_WORD}${UPPER}+${LOWER}*|\\p{N}` +
  '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const plain = { normalizer: null, ignoreMerges: false, addBos: false };
const gpt2: PreTokenization = { ...plain, splits: [GPT2_SPLIT] };
const digits: PreTokenization = { ...plain, splits: ['\\p{N}', GPT2_SPLIT] };
const llama3: PreTokenization = { ...plain, splits: [LLAMA3_SPLIT], ignoreMerges: true, addBos: true };
const qwen2: PreTokenization = { ...plain, splits: [QWEN2_SPLIT], normalizer: { type: 'NFC' } };
const tekken: PreTokenization = { ...plain, splits: [TEKKEN_SPLIT], ignoreMerges: true, addBos: true };
/** What llama.cpp does for files that name no pre-tokenizer (conversions before April 2024). */
const unnamed: PreTokenization = {
  ...plain,
  splits: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2_SPLIT, '\\p{N}+', '[0-9][0-9][0-9]'],
};

const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenization> = new Map([
  ['default', unnamed],
  ['gpt-2', gpt2],
  ['olmo', gpt2],
  ['smollm', digits],
  ['starcoder', digits],
  ['refact', digits],
  ['codeshell', digits],
  ['minerva-7b', digits],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['llama-bpe', llama3],
  ['falcon3', llama3],
  ['smaug-bpe', { ...llama3, ignoreMerges: false, addBos: false }],
  ['qwen2', qwen2],
  ['deepseek-r1-qwen', { ...qwen2, normalizer: null }],
  ['tekken', tekken],
]);

/** Throws `unprocessable` for a pre-tokenizer that is not known here. */
export function preTokenization(name: string): PreTokenization {
  const found = PRE_TOKENIZERS.get(name);
  if (found) return found;
  throw fieldError('tokenizer.ggml.pre', `one of ${[...PRE_TOKENIZERS.keys()].join(', ')}`, name);
}
