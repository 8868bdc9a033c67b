/** Prompt rows that one pass over a table row serves: their sums stay in registers. */
const TOGETHER = 4;

/** The best matches of some rows, [rows, k], the best first. */
export interface NearestRows {
  /** Index in the table; -1: there are fewer than k rows with a direction. */
  readonly ids: Int32Array;
  readonly cosines: Float64Array;
}

/**
 * Finds, for each of some rows, the k rows of a table with the largest cosine. The table comes in blocks, so that it need
 * not be in memory. Rows of zeros have no direction: those of the table are never found, and for one of the queries nothing
 * is. Sums are float64.
 */
export class NearestSearch {
  private readonly width: number;
  private readonly k: number;
  private readonly count: number;
  /** The queries at length 1, [count filled up to a multiple of TOGETHER, width]. */
  private readonly units: Float64Array;
  private readonly isZero: readonly boolean[];
  private readonly row: Float64Array;
  private readonly ids: Int32Array;
  private readonly cosines: Float64Array;

  /** @param queries row-major [count, width], finite */
  constructor(queries: Float32Array, width: number, k: number) {
    this.width = width;
    this.k = k;
    this.count = queries.length / width;
    this.units = new Float64Array(Math.ceil(this.count / TOGETHER) * TOGETHER * width);
    const norms = rowNorms(queries, width);
    this.isZero = Array.from(norms, (norm) => norm === 0);
    for (let i = 0; i < queries.length; i++) {
      const norm = norms[Math.floor(i / width)]!;
      if (norm > 0) this.units[i] = queries[i]! / norm;
    }
    this.row = new Float64Array(width);
    this.ids = new Int32Array(this.count * k).fill(-1);
    this.cosines = new Float64Array(this.count * k).fill(Number.NEGATIVE_INFINITY);
  }

  /**
   * Looks at the next rows of the table.
   * @param block row-major [rows, width]
   * @param norms of these rows
   * @param first index of the first of them in the table
   */
  add(block: Float32Array, norms: Float64Array, first: number): void {
    const { row, width } = this;
    for (let r = 0; r < norms.length; r++) {
      const norm = norms[r]!;
      if (!(norm > 0)) continue;
      for (let j = 0; j < width; j++) row[j] = block[r * width + j]! / norm;
      this.compare(first + r);
    }
  }

  private compare(id: number): void {
    const { units, row, width, count } = this;
    for (let q = 0; q < count; q += TOGETHER) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      let at = q * width;
      for (let j = 0; j < width; j++, at++) {
        const value = row[j]!;
        a += value * units[at]!;
        b += value * units[at + width]!;
        c += value * units[at + 2 * width]!;
        d += value * units[at + 3 * width]!;
      }
      this.keep(q, id, a);
      this.keep(q + 1, id, b);
      this.keep(q + 2, id, c);
      this.keep(q + 3, id, d);
    }
  }

  /** Ids come in ascending order, so an equal cosine goes behind. */
  private keep(query: number, id: number, cosine: number): void {
    if (query >= this.count) return;
    const { k, ids, cosines } = this;
    const start = query * k;
    let at = start + k - 1;
    if (!(cosine > cosines[at]!)) return;
    for (; at > start && cosine > cosines[at - 1]!; at--) {
      cosines[at] = cosines[at - 1]!;
      ids[at] = ids[at - 1]!;
    }
    cosines[at] = cosine;
    ids[at] = id;
  }

  result(): NearestRows {
    const { ids, k } = this;
    this.isZero.forEach((zero, query) => {
      if (zero) ids.fill(-1, query * k, (query + 1) * k);
    });
    return { ids, cosines: this.cosines.map((cosine) => Math.max(-1, Math.min(1, cosine))) };
  }
}

/** L2 norm of each row of [rows, width], float64. */
export function rowNorms(rows: Float32Array, width: number): Float64Array {
  const norms = new Float64Array(rows.length / width);
  for (let r = 0, at = 0; r < norms.length; r++) {
    let sum = 0;
    for (let j = 0; j < width; j++, at++) sum += rows[at]! * rows[at]!;
    norms[r] = Math.sqrt(sum);
  }
  return norms;
}

/** Of an even number of values the mean of the two in the middle. NaN for none. */
export function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
