import type { Random } from '../random.ts';
import type { Items } from './che.ts';

/** Ranks behind this one are put together with those that are at most so much less popular. */
const EXACT_RANKS = 10_000;
const WIDTH = 1.01;

/** How often each task is asked: task `i` (from 0) in proportion to (i + 1)^-exponent (Zipf's law). */
export class Popularity {
  /** [tasks]; they add up to one. */
  readonly shares: Float64Array;
  /** Walker's alias method: a cell is its own task up to `threshold`, else `alias`. */
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  constructor(tasks: number, exponent: number) {
    const shares = Float64Array.from({ length: tasks }, (_, task) => (task + 1) ** -exponent);
    const total = shares.reduce((sum, share) => sum + share, 0);
    this.shares = shares.map((share) => share / total);
    [this.#threshold, this.#alias] = aliasTable(this.shares);
  }

  /** The tasks as the closed form takes them: the first one by one, the many others in groups of nearly the same share. */
  groups(): readonly Items[] {
    const groups: Items[] = [];
    for (let first = 0; first < this.shares.length; ) {
      const end = first < EXACT_RANKS ? first + 1 : Math.min(this.shares.length, Math.ceil(first * WIDTH));
      const sum = this.shares.subarray(first, end).reduce((total, share) => total + share, 0);
      groups.push({ share: sum / (end - first), count: end - first });
      first = end;
    }
    return groups;
  }

  /** A task, as the next request asks for it. */
  draw(random: Random): number {
    const at = random() * this.#alias.length;
    const cell = Math.floor(at);
    return at - cell < this.#threshold[cell]! ? cell : this.#alias[cell]!;
  }
}

/** Vose 1991: cells of equal size, each with at most two tasks in it. */
function aliasTable(shares: Float64Array): [Float64Array, Uint32Array] {
  const count = shares.length;
  const left = shares.map((share) => share * count);
  const alias = Uint32Array.from({ length: count }, (_, cell) => cell);
  const [small, large]: [number[], number[]] = [[], []];
  left.forEach((share, cell) => {
    (share < 1 ? small : large).push(cell);
  });
  while (small.length > 0 && large.length > 0) {
    const [less, more] = [small.pop()!, large.pop()!];
    alias[less] = more;
    left[more]! -= 1 - left[less]!;
    (left[more]! < 1 ? small : large).push(more);
  }
  // What is left over differs from one by rounding alone.
  for (const cell of [...small, ...large]) left[cell] = 1;
  return [left, alias];
}
