/** Token ids by the label under which a completion's `top_logprobs` reports them. */
export interface Labels {
  idOf(label: string): number | undefined;
  /** Whether the id stands in the vocabulary. */
  has(id: number): boolean;
}

interface TokenizerFile {
  /** A unigram vocabulary is a list of tokens and scores. */
  readonly model: {
    readonly byte_fallback?: boolean;
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  };
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

/**
 * Reads the vocabulary of a tokenizer.json: byte-level BPE, or SentencePiece's, unigram or with bytes for unknown
 * characters. A token is reported as its text or as its bytes.
 */
export function readLabels(tokenizerJson: string): Labels {
  const { model, added_tokens: added } = JSON.parse(tokenizerJson) as TokenizerFile;
  const special = new Map(added.map(({ id, content }) => [id, Buffer.from(content)]));
  const ids = new Map<string, number>();
  const { vocab } = model;
  const isUnigram = Array.isArray(vocab);
  const bytesOf = isUnigram || model.byte_fallback ? pieceBytes : byteLevelBytes;
  const tokens = isUnigram ? vocab.map(([token], id) => [token, id] as const) : Object.entries(vocab);
  const vocabulary = tokens.map(([token, id]) => [id, special.get(id) ?? bytesOf(token)] as const);
  for (const [id, bytes] of [...vocabulary, ...special]) {
    ids.set(byteLabel(bytes), id);
    const text = bytes.toString('utf8');
    if (Buffer.from(text).equals(bytes)) ids.set(text, id);
  }
  const known = new Set(ids.values());
  return { idOf: (label) => ids.get(label), has: (id) => known.has(id) };
}

const byteLevelBytes = (token: string): Buffer => Buffer.from(Array.from(token, byteOf));

/** U+2581 stands for a space, `<0x0A>` for a byte. */
function pieceBytes(piece: string): Buffer {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return byte === undefined ? Buffer.from(piece.replaceAll('\u2581', ' ')) : Buffer.from(byte, 'hex');
}

/** As OpenAI writes a token that is only a part of a character. */
function byteLabel(bytes: Uint8Array): string {
  return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

/**
 * The byte that a character of a byte-level vocabulary stands for (GPT-2's bytes_to_unicode): printable Latin-1
 * stands for itself, the other 68 bytes for U+0100 and on, in order.
 */
function byteOf(character: string): number {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? code : OTHERS[code - 0x100]!;
}

const OTHERS = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => byte < 0x21 || (byte > 0x7e && byte < 0xa1) || byte === 0xad,
);
