/** Direct calculations that the tests compare with: nothing shared, nothing saved. */

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);
export const norm = (a: readonly number[]): number => Math.hypot(...a);
export const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / (norm(a) * norm(b));

export const meanRow = (rows: readonly (readonly number[])[]): number[] =>
  rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);

/** Mean cosine over all pairs of rows that are not zero. */
export function meanOfPairs(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  const cosines = a.flatMap((x) => b.map((y) => cosine(x, y))).filter((value) => !Number.isNaN(value));
  return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
}

/** The k ids with the largest cosine, by sorting all. */
export function nearest(query: readonly number[], table: readonly (readonly number[])[], k: number) {
  return table
    .map((row, id) => ({ id, cosine: cosine(query, row) }))
    .filter((found) => !Number.isNaN(found.cosine))
    .sort((a, b) => b.cosine - a.cosine || a.id - b.id)
    .slice(0, k);
}

/** Rows as plain lists. */
export const rowsOf = (values: Float32Array, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
