import { unsupported } from './tokenizer-json.ts';

/** A grapheme of more bytes is never looked up as a whole. */
const LONGEST_GRAPHEME = 5;

const MAX_CACHED_GRAPHEMES = 10_000;

/** Text in which a grapheme could be more than one character, with a neighbour on each side that may belong to it. */
const NOT_ASCII = /[\x20-\x7e]?(?:[^\x20-\x7e]+[\x20-\x7e]?)+/g;
/** Where it is missing every character is a grapheme, and segmentation, which is slow, would change nothing. */
const JOINING =
  /[\p{M}\p{Cf}\p{Emoji_Modifier}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\u{1f1e6}-\u{1f1ff}]|\r\n/u;
const EVERYTHING = /[\s\S]+/g;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * The normalisation that SentencePiece compiles into a model (`precompiled_charsmap`), as the Rust `tokenizers`
 * apply it (normalizer `Precompiled`): a grapheme of up to 5 bytes is replaced as a whole, else character by
 * character, by what a trie has for it.
 *
 * The format: the byte length of the trie (uint32, little-endian), the trie as a double array of uint32 units
 * (darts-clone), and the replacements as UTF-8 strings that end with a zero byte.
 */
export class CharsMap {
  private readonly units: Uint32Array;
  private readonly replacements: Uint8Array;
  private readonly cache = new Map<string, string>();
  /** What may have to be replaced. */
  private readonly affected: RegExp;

  /** @param base64 throws `unprocessable` tokenizer_unsupported when it is no such map */
  constructor(base64: unknown, where: string) {
    const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.alloc(0);
    const size = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
    if (size === 0 || size % 4 !== 0 || 4 + size > bytes.length) {
      throw unsupported(`${where}.precompiled_charsmap`, 'a compiled map in base64', `${bytes.length} bytes`);
    }
    this.units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
    this.replacements = bytes.subarray(4 + size);
    const printable = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i));
    this.affected = printable.some((character) => this.find(character) !== null) ? EVERYTHING : NOT_ASCII;
  }

  normalize(text: string): string {
    return text.replace(this.affected, (part) => {
      let normalized = '';
      if (JOINING.test(part)) {
        for (const { segment } of graphemes.segment(part)) normalized += this.grapheme(segment);
      } else {
        for (const character of part) normalized += this.grapheme(character);
      }
      return normalized;
    });
  }

  private grapheme(segment: string): string {
    let normalized = this.cache.get(segment);
    if (normalized === undefined) {
      normalized = this.replaced(segment);
      if (this.cache.size >= MAX_CACHED_GRAPHEMES) this.cache.clear();
      this.cache.set(segment, normalized);
    }
    return normalized;
  }

  private replaced(segment: string): string {
    const whole = Buffer.byteLength(segment) <= LONGEST_GRAPHEME ? this.find(segment) : null;
    if (whole !== null) return whole;
    let normalized = '';
    for (const character of segment) normalized += this.find(character) ?? character;
    return normalized;
  }

  /** The replacement of the shortest beginning of the text that has one. */
  private find(text: string): string | null {
    const { units } = this;
    let unit = units[0]!;
    let at = offsetOf(unit);
    for (const byte of encoder.encode(text)) {
      at ^= byte;
      unit = units[at] ?? 0;
      // A zero byte stands for the end of a key.
      if (byte === 0 || (unit & 0x8000_00ff) !== byte) return null;
      at ^= offsetOf(unit);
      const isEnd = ((unit >>> 8) & 1) === 1;
      if (isEnd) return this.replacementAt((units[at] ?? 0) & 0x7fff_ffff);
    }
    return null;
  }

  private replacementAt(start: number): string {
    const end = this.replacements.indexOf(0, start);
    return decoder.decode(this.replacements.subarray(start, end < 0 ? undefined : end));
  }
}

/** Distance of a unit's children, of darts-clone's format. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
