import { DomainError } from '../domain/errors.ts';
import { GPT2_SPLIT } from './gguf-tokenizer-pre.ts';

/** Far above any vocabulary; an array of so many tokens can still be made. */
const MAX_TOKEN_ID = 2 ** 22;

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

/** The parts of a tokenizer.json that encoding needs. */
export interface AdaptedTokenizer {
  readonly added_tokens: readonly unknown[];
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component | null;
  readonly post_processor: Component | null;
  /** Decoding is ours (tokenizer-bytes.ts): it must work on single tokens. */
  readonly decoder: null;
  readonly model: BytePairModel;
}

/**
 * Rewrites tokenizer.json so that `@huggingface/tokenizers` 0.2 gives the ids of the Rust `tokenizers`, which
 * every training script uses. Where the library's own component differs (see the cases below) an equal one is
 * put in; a component that has no exact equal is refused: `unprocessable` tokenizer_unsupported.
 */
export function adaptTokenizerJson(json: unknown): AdaptedTokenizer {
  const file = asObject(json, 'tokenizer');
  return {
    added_tokens: asList(file.added_tokens ?? [], 'added_tokens').map(checkAddedToken),
    normalizer: file.normalizer == null ? null : adaptNormalizer(file.normalizer, 'normalizer'),
    pre_tokenizer:
      file.pre_tokenizer == null
        ? null
        : { type: 'Sequence', pretokenizers: adaptPreTokenizer(file.pre_tokenizer, 'pre_tokenizer') },
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
    case 'Sequence':
      return {
        type: 'Sequence',
        normalizers: asList(node.normalizers, `${where}.normalizers`).map((item, i) =>
          adaptNormalizer(item, `${where}.normalizers[${i}]`),
        ),
      };
    default:
      throw unsupported(`${where}.type`, 'NFC, NFD, NFKC, NFKD, Prepend, Replace or Sequence', node.type);
  }
}

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
      if (typeof node.replacement !== 'string') {
        throw unsupported(`${where}.replacement`, 'a string', node.replacement);
      }
      return [node, ...(node.split === false ? [] : [isolate(`${node.replacement}[^${node.replacement}]*`)])];
    case 'Split': {
      const removesTheRest = node.behavior === 'Removed' && node.invert === true;
      if (removesTheRest || (node.behavior === 'Isolated' && !node.invert)) return [node];
      throw unsupported(where, 'Split with behavior Isolated, or Removed and inverted', node);
    }
    default:
      throw unsupported(`${where}.type`, 'ByteLevel, Digits, Metaspace, Split or Sequence', node.type);
  }
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

function checkModel(value: unknown): BytePairModel {
  const model = asComponent({ type: 'BPE', ...asObject(value, 'model') }, 'model');
  if (model.type !== 'BPE') throw unsupported('model.type', 'BPE', model.type);
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
