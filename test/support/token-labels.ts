/** Token ids by the label under which a completion's `top_logprobs` reports them. */
export interface Labels {
  idOf(label: string): number | undefined;
  /** Whether the id stands in the vocabulary. */
  has(id: number): boolean;
}

interface TokenizerFile {
  /** A unigram vocabulary is a list of tokens and scores. */
  readonly model: {
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  };
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

/** Reads the vocabulary of a byte-level BPE or a SentencePiece unigram tokenizer.json. A token is reported as its text or as its bytes. */
export function readLabels(tokenizerJson: string): Labels {
  const { model, added_tokens: added } = JSON.parse(tokenizerJson) as TokenizerFile;
  const special = new Map(added.map(({ id, content }) => [id, Buffer.from(content)]));
  const ids = new Map<string, number>();
  const { vocab } = model;
  const isUnigram = Array.isArray(vocab);
  const bytesOf = (token: string) =>
    isUnigram ? Buffer.from(token.replaceAll('\u2581', ' ')) : Buffer.from(Array.from(token, byteOf));
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
