/** Euclidean length, summed in float64. */
export function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Root mean square of the elements. */
export const rootMeanSquare = (values: Float32Array): number => norm(values) / Math.sqrt(values.length);

/** The gradient, scaled down to `maximum` if it is longer; torch.nn.utils.clip_grad_norm_. null: no limit. */
export function clipNorm(gradient: Float32Array, maximum: number | null): Float32Array {
  if (maximum === null) return gradient;
  const factor = maximum / (norm(gradient) + 1e-6);
  return factor < 1 ? gradient.map((g) => g * factor) : gradient;
}

/** Rows [rows, width], those longer than `maximum` scaled down to it. null: no limit. */
export function capRows(rows: Float32Array, width: number, maximum: number | null): Float32Array {
  if (maximum === null) return rows;
  const capped = rows.slice();
  for (let start = 0; start < rows.length; start += width) {
    const row = capped.subarray(start, start + width);
    const length = norm(row);
    if (length > maximum) row.set(row.map((value) => (value * maximum) / length));
  }
  return capped;
}
