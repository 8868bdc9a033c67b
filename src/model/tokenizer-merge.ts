import { MinHeap } from './min-heap.ts';
import { unsupported } from './tokenizer-json.ts';

/** A character that is no token: it takes part in no merge. */
const NO_TOKEN = -1;
/** The place was merged into the one on its left. */
const MERGED = -2;
const MAX_CACHED_PIECES = 20_000;
const MAX_CACHED_LENGTH = 256;

/**
 * Byte pair encoding (Sennrich et al. 2016): always the best-ranked pair, the leftmost of equals, in
 * O(n log n). Takes the place of the library's own, which is ten times slower on long pieces because it looks
 * pairs up by JSON text, and whose cache walks chains of deleted entries on every hit.
 */
export class PairMerger {
  private readonly vocab: ReadonlyMap<string, number>;
  private readonly tokens: string[] = [];
  /** Rank of a pair of ids, by {@link key}. */
  private readonly ranks = new Map<number, number>();
  /** By rank. */
  private readonly results: number[] = [];
  private readonly idLimit: number;
  private readonly cache = new Map<string, string[]>();

  /** @param merges best first. Throws `unprocessable` tokenizer_unsupported for a merge of unknown tokens. */
  constructor(vocab: ReadonlyMap<string, number>, merges: readonly unknown[]) {
    this.vocab = vocab;
    for (const [token, id] of vocab) this.tokens[id] = token;
    this.idLimit = this.tokens.length;
    merges.forEach((merge, rank) => {
      const [left, right] = pairOf(merge);
      const ids = [vocab.get(left), vocab.get(right), vocab.get(left + right)] as const;
      if (ids[0] === undefined || ids[1] === undefined || ids[2] === undefined) {
        throw unsupported(`model.merges[${rank}]`, 'two tokens whose concatenation is a token', merge);
      }
      this.ranks.set(this.key(ids[0], ids[1]), rank);
      this.results.push(ids[2]);
    });
  }

  /** The tokens of a piece; characters that are no token stay as they are. */
  merge(piece: string): string[] {
    const known = this.cache.get(piece);
    if (known) return known;
    const steps = this.steps(piece, Number.POSITIVE_INFINITY);
    let step = steps.next();
    while (!step.done) step = steps.next();
    const tokens = step.value;
    if (piece.length <= MAX_CACHED_LENGTH) {
      if (this.cache.size >= MAX_CACHED_PIECES) this.cache.clear();
      this.cache.set(piece, tokens);
    }
    return tokens;
  }

  /** Like {@link merge}, for a piece that may be long: yields after every `size` characters or pairs. */
  *steps(piece: string, size: number): Generator<undefined, string[]> {
    const characters: string[] = [];
    for (const character of piece) if (characters.push(character) % size === 0) yield;
    const length = characters.length;
    const ids = new Int32Array(length);
    const next = new Int32Array(length);
    const previous = new Int32Array(length);
    for (let at = 0; at < length; at++) {
      ids[at] = this.vocab.get(characters[at]!) ?? NO_TOKEN;
      next[at] = at + 1;
      previous[at] = at - 1;
      if (at % size === size - 1) yield;
    }
    const rankAt = (at: number): number | undefined =>
      next[at]! < length ? this.ranks.get(this.key(ids[at]!, ids[next[at]!]!)) : undefined;
    // Ordered by rank, then from left to right.
    const candidates = new MinHeap();
    const offer = (at: number): void => {
      const rank = at >= 0 ? rankAt(at) : undefined;
      if (rank !== undefined) candidates.push(rank * length + at);
    };
    for (let at = 0; at < length; at++) {
      offer(at);
      if (at % size === size - 1) yield;
    }
    let popped = 0;
    for (let best = candidates.pop(); best !== undefined; best = candidates.pop()) {
      if (++popped % size === 0) yield;
      const at = best % length;
      const rank = (best - at) / length;
      // The pair may have changed since it was offered.
      if (rankAt(at) !== rank) continue;
      const right = next[at]!;
      ids[at] = this.results[rank]!;
      ids[right] = MERGED;
      next[at] = next[right]!;
      if (next[at]! < length) previous[next[at]!] = at;
      offer(previous[at]!);
      offer(at);
    }
    const tokens: string[] = [];
    for (let at = 0; at < length; at = next[at]!) {
      if (tokens.push(this.tokens[ids[at]!] ?? characters[at]!) % size === 0) yield;
    }
    return tokens;
  }

  /** Negative for a place without a token, so that it is never found. */
  private key(left: number, right: number): number {
    return left < 0 || right < 0 ? -1 : left * this.idLimit + right;
  }
}

/** Merges are pairs, or in older files two tokens with a space between. */
function pairOf(merge: unknown): readonly [string, string] {
  const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
  if (Array.isArray(pair) && pair.length === 2) {
    const [left, right]: readonly unknown[] = pair;
    if (typeof left === 'string' && typeof right === 'string') return [left, right];
  }
  throw unsupported('model.merges', 'pairs of tokens', merge);
}
