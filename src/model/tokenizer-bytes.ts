import { asComponent, asList, asObject, type Component, unsupported } from './tokenizer-json.ts';

/** How token strings become text: each token stands for bytes, and the bytes of all tokens are UTF-8. */
export interface DecodingRules {
  /** The bytes that a token string stands for; they can be a part of a character. */
  bytesOf(token: string): Uint8Array;
  /** Number of spaces that are cut from the start of a whole text. */
  readonly leadingSpaces: number;
}

const encoder = new TextEncoder();

/** Rules for the `decoder` of a tokenizer.json. Throws `unprocessable` tokenizer_unsupported. */
export function decodingRules(decoder: unknown): DecodingRules {
  const node = asComponent(decoder, 'decoder');
  if (node.type === 'ByteLevel') return { bytesOf: byteLevelBytes, leadingSpaces: 0 };
  if (node.type === 'Metaspace') return metaspaceRules(node);
  if (node.type === 'Sequence') return sequenceRules(asList(node.decoders, 'decoder.decoders'));
  throw unsupported('decoder.type', 'ByteLevel, Metaspace or Sequence', node.type);
}

/**
 * GPT-2's bijection of bytes and printable characters: printable bytes stand for themselves, the others, in
 * order, for U+0100, U+0101, ...
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [String.fromCodePoint(printable(byte) ? byte : next++), byte]),
  );
})();

/** A token with any character outside the alphabet (an added token) stands for its own text. */
function byteLevelBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  let length = 0;
  for (const character of token) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) return encoder.encode(token);
    bytes[length++] = byte;
  }
  return bytes;
}

/** SentencePiece's spaces; the one that was put before the first word is taken away again. */
function metaspaceRules({
  replacement,
  prepend_scheme: scheme,
  add_prefix_space: prefix,
}: Component): DecodingRules {
  const from = typeof replacement === 'string' && replacement !== '' ? replacement : '\u2581';
  const hasPrefix = scheme === undefined ? prefix !== false : scheme !== 'never';
  return {
    bytesOf: (token) => encoder.encode(token.replaceAll(from, ' ')),
    leadingSpaces: hasPrefix ? 1 : 0,
  };
}

/** SentencePiece: any Replace, ByteFallback, Fuse, and Strip at the left of the whole. */
function sequenceRules(nodes: readonly unknown[]): DecodingRules {
  const replacements: { readonly from: string; readonly to: string }[] = [];
  let fallback = false;
  let fused = false;
  let leadingSpaces = 0;
  nodes.forEach((value, index) => {
    const where = `decoder.decoders[${index}]`;
    const node = asComponent(value, where);
    if (node.type === 'Replace' && !fused) replacements.push(replacement(node, where));
    else if (node.type === 'ByteFallback' && !fused) fallback = true;
    else if (node.type === 'Fuse') fused = true;
    else if (node.type === 'Strip' && fused && node.content === ' ' && node.stop === 0) {
      leadingSpaces = Number(node.start);
    } else throw unsupported(where, 'Replace, ByteFallback, Fuse, then Strip of leading spaces', node);
  });
  return {
    bytesOf(token) {
      const byte = fallback ? /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1] : undefined;
      if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
      return encoder.encode(
        replacements.reduce((text, { from, to }) => text.replaceAll(from, () => to), token),
      );
    },
    leadingSpaces,
  };
}

function replacement(node: Component, where: string): { readonly from: string; readonly to: string } {
  const from = asObject(node.pattern, `${where}.pattern`).String;
  if (typeof from !== 'string' || from === '' || typeof node.content !== 'string') {
    throw unsupported(where, 'a replacement of one string by another', node);
  }
  return { from, to: node.content };
}
