/**
 * Counts of (true class, chosen class), [classes][classes], rows the true one.
 * @param truth class of each item, 0 to classes - 1
 * @param chosen the same length
 */
export function confusionMatrix(
  truth: readonly number[],
  chosen: readonly number[],
  classes: number,
): readonly (readonly number[])[] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truth.forEach((right, i) => {
    counts[right]![chosen[i]!]! += 1;
  });
  return counts;
}
