/** Part of the items on the diagonal of a confusion matrix. NaN without items. */
export function accuracy(matrix: readonly (readonly number[])[]): number {
  const right = matrix.reduce((sum, row, i) => sum + row[i]!, 0);
  const all = matrix.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  return right / all;
}
