import { fieldError, type GgufMetadata, readString, readStrings } from './gguf-tokenizer-fields.ts';
import { preTokenization } from './gguf-tokenizer-pre.ts';

/** The parts of tokenizer.json that depend on the kind of vocabulary. */
export interface TokenizerParts {
  readonly normalizer: object | null;
  readonly preTokenizer: object | null;
  readonly decoder: object;
  readonly model: object;
  readonly addBos: boolean;
  /** Where the file says nothing; false if left out. */
  readonly addEos?: boolean;
}

const MERGES = 'tokenizer.ggml.merges';

/** `tokenizer.ggml.model` gpt2: byte-level BPE with merges and a named pre-tokenizer. */
export function byteLevelParts(metadata: GgufMetadata, vocab: ReadonlyMap<string, number>): TokenizerParts {
  const pre = preTokenization(readString(metadata, 'tokenizer.ggml.pre') ?? 'default');
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    normalizer: pre.normalizer,
    preTokenizer: {
      type: 'Sequence',
      pretokenizers: [
        ...pre.splits.map((Regex) => ({
          type: 'Split',
          pattern: { Regex },
          behavior: 'Isolated',
          invert: false,
        })),
        byteLevel,
      ],
    },
    decoder: { ...byteLevel, add_prefix_space: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoreMerges,
      vocab: Object.fromEntries(vocab),
      merges: readMerges(metadata, vocab),
    },
    addBos: pre.addBos,
  };
}

/** Merges as pairs. tokenizers refuses a merge of unknown tokens; so do we, by index. */
function readMerges(metadata: GgufMetadata, vocab: ReadonlyMap<string, number>): [string, string][] {
  return readStrings(metadata, MERGES).map((merge, index) => {
    const space = merge.indexOf(' ');
    const left = merge.slice(0, space);
    const right = merge.slice(space + 1);
    if (space < 0 || !vocab.has(left) || !vocab.has(right) || !vocab.has(left + right)) {
      throw fieldError(`${MERGES}[${index}]`, 'two tokens whose concatenation is a token', merge);
    }
    return [left, right];
  });
}
