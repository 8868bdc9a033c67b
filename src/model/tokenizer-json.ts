import { DomainError } from '../domain/errors.ts';
import { GPT2_SPLIT } from './gguf-tokenizer-pre.ts';
import type { UnigramModel } from './tokenizer-unigram.ts';

/** Far above any vocabulary; an array of so many tokens can still be made. */
const MAX_TOKEN_ID = 2 ** 22;
/** SentencePiece makes pieces of 16; every beginning of one is remembered. */
const MAX_TOKEN_LENGTH = 1024;

/** A node of tokenizer.json: an object with a `type`. */
export interface Component {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A part of tokenizer.json that would not give exactly the ids of Hugging Face's `tokenizers`. */
export function unsupported(where: string, expected: string, given: unknown): DomainError {
  const shown = JSON.stringify(given ?? null).slice(0, 100);
  return new DomainError(
    'unprocessable',
    'tokenizer_unsupported',
    `tokenizer.json, ${where}: expected ${expected}, given ${shown}.`,
    { param: where, expected, given: shown },
  );
}

export function asObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw unsupported(where, 'an object', value);
}

export function asComponent(value: unknown, where: string): Component {
  const { type, ...fields } = asObject(value, where);
  if (typeof type !== 'string') throw unsupported(`${where}.type`, 'a string', type);
  return { ...fields, type };
}

export function asList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unsupported(where, 'a list', value);
}

/** A byte pair encoding, checked as far as its entries' types. */
export interface BytePairModel extends Component {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly unknown[];
}

export const isUnigram = (model: BytePairModel | UnigramModel): model is UnigramModel =>
  model.type === 'Unigram';

/** The parts of a tokenizer.json that encoding needs. */
export interface AdaptedTokenizer {
  readonly added_tokens: readonly unknown[];
  /** `precompiled_charsmap` of a Precompiled normalizer; it stands before `normalizer`. */
  readonly charsMap: unknown;
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component | null;
  readonly post_processor: Component | null;
  /** Decoding is ours (tokenizer-bytes.ts): it must work on single tokens. */
  readonly decoder: null;
  readonly model: BytePairModel | UnigramModel;
}

/**
 * Rewrites tokenizer.json so that `@huggingface/tokenizers` 0.2 gives the ids of the Rust `tokenizers`, which
 * every training script uses. Where the library's own component differs (see the cases below) an equal one is
 * put in; a component that has no exact equal is refused: `unprocessable` tokenizer_unsupported.
 */
export function adaptTokenizerJson(json: unknown): AdaptedTokenizer {
  const file = asObject(json, 'tokenizer');
  const normalizers = adaptNormalizers(file.normalizer);
  const splits =
    file.pre_tokenizer == null || neverSplits(file.pre_tokenizer, normalizers.normalizer)
      ? []
      : adaptPreTokenizer(file.pre_tokenizer, 'pre_tokenizer');
  return {
    added_tokens: asList(file.added_tokens ?? [], 'added_tokens').map(checkAddedToken),
    ...normalizers,
    pre_tokenizer: splits.length === 0 ? null : { type: 'Sequence', pretokenizers: splits },
    post_processor:
      file.post_processor == null ? null : checkPostProcessor(file.post_processor, 'post_processor'),
    decoder: null,
    model: checkModel(file.model),
  };
}

function checkAddedToken(value: unknown, index: number): unknown {
  const where = `added_tokens[${index}]`;
  const token = asObject(value, where);
  if (typeof token.content !== 'string' || token.content === '') {
    throw unsupported(`${where}.content`, 'a non-empty string', token.content);
  }
  if (!Number.isInteger(token.id) || (token.id as number) < 0 || (token.id as number) > MAX_TOKEN_ID) {
    throw unsupported(`${where}.id`, `an id from 0 to ${MAX_TOKEN_ID}`, token.id);
  }
  if (token.single_word) throw unsupported(`${where}.single_word`, 'false', true);
  return token;
}

/** SentencePiece's compiled map comes first, if at all. */
function adaptNormalizers(value: unknown): Pick<AdaptedTokenizer, 'charsMap' | 'normalizer'> {
  if (value == null) return { charsMap: null, normalizer: null };
  const node = asComponent(value, 'normalizer');
  const items = node.type === 'Sequence' ? asList(node.normalizers, 'normalizer.normalizers') : [node];
  const first = items.length > 0 ? asComponent(items[0], 'normalizer') : null;
  if (first?.type !== 'Precompiled')
    return { charsMap: null, normalizer: adaptNormalizer(node, 'normalizer') };
  const rest = { type: 'Sequence', normalizers: items.slice(1) };
  const normalizer = items.length > 1 ? adaptNormalizer(rest, 'normalizer') : null;
  return { charsMap: first.precompiled_charsmap ?? null, normalizer };
}

function adaptNormalizer(value: unknown, where: string): Component {
  const node = asComponent(value, where);
  switch (node.type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
    case 'Prepend':
      return node;
    case 'Replace':
      // The library passes the content to String.replaceAll, where `$` starts a pattern.
      return { ...node, content: String(node.content).replaceAll('$', '$$$$') };
    case 'Strip': {
      // Rust trims Unicode's White_Space; JavaScript's trim knows U+FEFF and not U+0085.
      const sides = [
        ...(node.strip_left ? ['^\\p{White_Space}+'] : []),
        ...(node.strip_right ? ['\\p{White_Space}+$'] : []),
      ];
      const replace = (Regex: string): Component => ({ type: 'Replace', pattern: { Regex }, content: '' });
      return { type: 'Sequence', normalizers: sides.map(replace) };
    }
    case 'Sequence':
      return {
        type: 'Sequence',
        normalizers: asList(node.normalizers, `${where}.normalizers`).map((item, i) =>
          adaptNormalizer(item, `${where}.normalizers[${i}]`),
        ),
      };
    default:
      throw unsupported(
        `${where}.type`,
        'NFC, NFD, NFKC, NFKD, Precompiled (first), Prepend, Replace, Strip or Sequence',
        node.type,
      );
  }
}

/** Gemma splits at spaces, of which its normaliser has left none. */
function neverSplits(preTokenizer: unknown, normalizer: Component | null): boolean {
  const node = asComponent(preTokenizer, 'pre_tokenizer');
  const text = node.type === 'Split' ? stringOf(node.pattern) : null;
  if (text === null || normalizer?.type !== 'Replace' || stringOf(normalizer.pattern) !== text) return false;
  // One character cannot come about where two replacements meet.
  return text.length === 1 && !String(normalizer.content).includes(text);
}

/** The text of a pattern that is one; null for an expression. */
function stringOf(pattern: unknown): string | null {
  const text = typeof pattern === 'object' && pattern !== null && 'String' in pattern ? pattern.String : null;
  return typeof text === 'string' ? text : null;
}

/** It becomes part of an expression. */
const PLAIN_CHARACTER = /^[^\s\\^$.*+?()[\]{}|/-]$/u;

function isolate(Regex: string): Component {
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
}

function adaptPreTokenizer(value: unknown, where: string): readonly Component[] {
  const node = asComponent(value, where);
  switch (node.type) {
    case 'Sequence':
      return asList(node.pretokenizers, `${where}.pretokenizers`).flatMap((item, i) =>
        adaptPreTokenizer(item, `${where}.pretokenizers[${i}]`),
      );
    case 'Digits':
      // Rust's `char::is_numeric` is all of Unicode's N; the library knows 0-9 only.
      return [isolate(node.individual_digits ? '\\p{N}' : '\\p{N}+')];
    case 'ByteLevel':
      // A prefix space would have to stand before the split below.
      if (node.add_prefix_space) throw unsupported(`${where}.add_prefix_space`, 'false', true);
      return [
        // The library's built-in expression takes JavaScript's \s (U+FEFF is in it, U+0085 is not).
        ...(node.use_regex === false ? [] : [isolate(GPT2_SPLIT)]),
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ];
    case 'Metaspace':
      // The library never splits here: a piece starts at every replacement character.
      if (typeof node.replacement !== 'string' || !PLAIN_CHARACTER.test(node.replacement)) {
        throw unsupported(`${where}.replacement`, 'one character', node.replacement);
      }
      return [
        metaspace(node),
        ...(node.split === false ? [] : [isolate(`${node.replacement}[^${node.replacement}]*`)]),
      ];
    case 'WhitespaceSplit':
      return [{ type: 'Split', pattern: { Regex: '\\P{White_Space}+' }, behavior: 'Removed', invert: true }];
    case 'Split': {
      const removesTheRest = node.behavior === 'Removed' && node.invert === true;
      if (removesTheRest || (node.behavior === 'Isolated' && !node.invert)) return [node];
      throw unsupported(where, 'Split with behavior Isolated, or Removed and inverted', node);
    }
    default:
      throw unsupported(
        `${where}.type`,
        'ByteLevel, Digits, Metaspace, Split, WhitespaceSplit or Sequence',
        node.type,
      );
  }
}

/** Before `prepend_scheme` there was `add_prefix_space`, which the library does not read. */
function metaspace(node: Component): Component {
  if (typeof node.prepend_scheme === 'string') return node;
  return { ...node, prepend_scheme: node.add_prefix_space === false ? 'never' : 'always' };
}

function checkPostProcessor(value: unknown, where: string): Component {
  const node = asComponent(value, where);
  if (node.type === 'TemplateProcessing' || node.type === 'ByteLevel') return node;
  if (node.type !== 'Sequence') {
    throw unsupported(`${where}.type`, 'TemplateProcessing, ByteLevel or Sequence', node.type);
  }
  const processors = asList(node.processors, `${where}.processors`);
  return {
    ...node,
    processors: processors.map((item, i) => checkPostProcessor(item, `${where}.processors[${i}]`)),
  };
}

function checkModel(value: unknown): BytePairModel | UnigramModel {
  const model = asComponent({ type: 'BPE', ...asObject(value, 'model') }, 'model');
  if (model.type === 'Unigram') return checkUnigram(model);
  if (model.type !== 'BPE') throw unsupported('model.type', 'BPE or Unigram', model.type);
  for (const field of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[field]) throw unsupported(`model.${field}`, 'null', model[field]);
  }
  const vocab = asObject(model.vocab, 'model.vocab');
  for (const [token, id] of Object.entries(vocab)) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > MAX_TOKEN_ID) {
      throw unsupported(`model.vocab[${JSON.stringify(token)}]`, `an id from 0 to ${MAX_TOKEN_ID}`, id);
    }
  }
  const merges = asList(model.merges, 'model.merges');
  return { ...model, vocab: vocab as Record<string, number>, merges };
}

function checkUnigram({ vocab, unk_id, byte_fallback }: Component): UnigramModel {
  const entries = asList(vocab, 'model.vocab').map((entry, id) => {
    const [token, score] = asList(entry, `model.vocab[${id}]`);
    const isToken = typeof token === 'string' && token.length <= MAX_TOKEN_LENGTH;
    if (isToken && typeof score === 'number' && Number.isFinite(score)) return [token, score] as const;
    const expected = `a token of at most ${MAX_TOKEN_LENGTH} characters and its log-probability`;
    throw unsupported(`model.vocab[${id}]`, expected, entry);
  });
  if (entries.length > MAX_TOKEN_ID)
    throw unsupported('model.vocab', `${MAX_TOKEN_ID} tokens at most`, entries.length);
  const isId = typeof unk_id === 'number' && entries[unk_id] !== undefined;
  if (!isId) throw unsupported('model.unk_id', 'the id of a token', unk_id);
  return { type: 'Unigram', vocab: entries, unk_id, byte_fallback: byte_fallback === true };
}
