import { byteLevelParts, type TokenizerParts } from './gguf-tokenizer-bpe.ts';
import {
  fieldError,
  type GgufMetadata,
  readBoolean,
  readNumbers,
  readString,
  readStrings,
  readTokenId,
} from './gguf-tokenizer-fields.ts';
import { sentencePieceParts } from './gguf-tokenizer-spm.ts';
import { unigramParts } from './gguf-tokenizer-unigram.ts';

/** llama.cpp's `llama_token_type`. */
const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const TYPES: ReadonlySet<number> = new Set(Object.values(TOKEN_TYPE));

/** A tokenizer in Hugging Face's files, and what a bundle's manifest says about it. */
export interface ConvertedTokenizer {
  /** Content of tokenizer.json. */
  readonly tokenizerJson: object;
  /** Content of tokenizer_config.json. */
  readonly tokenizerConfig: object;
  readonly bos: number | null;
  /** Ids that end a generation: end of sequence, of turn and of message. */
  readonly eos: readonly number[];
  readonly chatTemplate: string | null;
}

/**
 * Converts the `tokenizer.*` metadata of a GGUF file to Hugging Face's form. Knows the vocabularies `gpt2`
 * (byte-level BPE), `llama` (SentencePiece BPE) and `t5` (SentencePiece unigram). Throws `unprocessable` gguf_tokenizer that names the field.
 */
export function ggufTokenizer(metadata: GgufMetadata): ConvertedTokenizer {
  const tokens = readStrings(metadata, 'tokenizer.ggml.tokens');
  const id = (name: string) => readTokenId(metadata, `tokenizer.ggml.${name}_token_id`, tokens.length);
  const types = readTypes(metadata, tokens.length);
  const vocab = buildVocab(tokens, types);
  const bos = id('bos');
  const eos = id('eos');
  const unknown = id('unknown');
  const parts = readParts(metadata, tokens, types, vocab, unknown);
  const addBos = readBoolean(metadata, 'tokenizer.ggml.add_bos_token', parts.addBos);
  const addEos = readBoolean(metadata, 'tokenizer.ggml.add_eos_token', parts.addEos ?? false);
  const chatTemplate = readString(metadata, 'tokenizer.chat_template');
  const inVocab = (name: string, token: number | null): number => {
    if (token !== null && vocab.get(tokens[token]!) === token) return token;
    throw fieldError(
      `tokenizer.ggml.${name}_token_id`,
      `a token, as add_${name}_token is set`,
      token ?? undefined,
    );
  };
  const text = (token: number | null) => (token === null ? null : tokens[token]);
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(tokens, types),
      normalizer: parts.normalizer,
      pre_tokenizer: parts.preTokenizer,
      post_processor: postProcessor(
        tokens,
        addBos ? inVocab('bos', bos) : null,
        addEos ? inVocab('eos', eos) : null,
      ),
      decoder: parts.decoder,
      model: parts.model,
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: text(bos),
      eos_token: text(eos),
      unk_token: text(unknown),
      pad_token: text(id('padding')),
      add_bos_token: addBos,
      add_eos_token: addEos,
      clean_up_tokenization_spaces: false,
      ...(chatTemplate !== null && { chat_template: chatTemplate }),
    },
    bos,
    eos: [...new Set([eos, id('eot'), id('eom')])].filter((token) => token !== null),
    chatTemplate,
  };
}

function readParts(
  metadata: GgufMetadata,
  tokens: readonly string[],
  types: readonly number[],
  vocab: ReadonlyMap<string, number>,
  unknown: number | null,
): TokenizerParts {
  const model = readString(metadata, 'tokenizer.ggml.model');
  if (model === 'gpt2') return byteLevelParts(metadata, vocab);
  if (model === 'llama') {
    const isNormal = (id: number) => types[id] === TOKEN_TYPE.normal;
    return sentencePieceParts(metadata, vocab, tokens, isNormal, unknown);
  }
  if (model === 't5') {
    const usable = (id: number) => types[id] !== TOKEN_TYPE.unused;
    return unigramParts(metadata, tokens, usable, unknown);
  }
  throw fieldError('tokenizer.ggml.model', 'gpt2, llama or t5', model ?? undefined);
}

/** Token types; all normal when the file has none. */
function readTypes(metadata: GgufMetadata, count: number): readonly number[] {
  const field = 'tokenizer.ggml.token_type';
  const types = readNumbers(metadata, field, count) ?? new Array<number>(count).fill(TOKEN_TYPE.normal);
  const wrong = types.findIndex((type) => !TYPES.has(type));
  if (wrong >= 0) throw fieldError(`${field}[${wrong}]`, 'a token type from 1 to 6', types[wrong]);
  return types;
}

/** Converters fill gaps in the vocabulary with unused tokens ("[PAD5]"): text must never become one of them. */
function buildVocab(tokens: readonly string[], types: readonly number[]): ReadonlyMap<string, number> {
  const vocab = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (types[id] === TOKEN_TYPE.unused || token === '') return;
    if (vocab.has(token)) {
      throw fieldError(
        `tokenizer.ggml.tokens[${id}]`,
        `a token that differs from [${vocab.get(token)}]`,
        token,
      );
    }
    vocab.set(token, id);
  });
  return vocab;
}

function addedTokens(tokens: readonly string[], types: readonly number[]): object[] {
  return tokens.flatMap((content, id) => {
    const special = types[id] === TOKEN_TYPE.control || types[id] === TOKEN_TYPE.unknown;
    if (content === '' || !(special || types[id] === TOKEN_TYPE.userDefined)) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
}

function postProcessor(tokens: readonly string[], bos: number | null, eos: number | null): object | null {
  if (bos === null && eos === null) return null;
  const special = (id: number | null, type_id: number) =>
    id === null ? [] : [{ SpecialToken: { id: tokens[id], type_id } }];
  const sequence = (id: 'A' | 'B', type_id: number) => [
    ...special(bos, type_id),
    { Sequence: { id, type_id } },
    ...special(eos, type_id),
  ];
  const used = [...new Set([bos, eos])].filter((id) => id !== null);
  return {
    type: 'TemplateProcessing',
    single: sequence('A', 0),
    pair: [...sequence('A', 0), ...sequence('B', 1)],
    special_tokens: Object.fromEntries(
      used.map((id) => [tokens[id], { id: tokens[id], ids: [id], tokens: [tokens[id]] }]),
    ),
  };
}
