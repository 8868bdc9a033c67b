import type { ClassScores } from '../../domain/evaluation.ts';

/**
 * Precision, recall and F1 of each class of a confusion matrix [true][chosen]. A ratio of nothing is 0, as in
 * scikit-learn's `precision_recall_fscore_support` with `zero_division=0`.
 */
export function classScores(
  matrix: readonly (readonly number[])[],
  labels: readonly string[],
): readonly ClassScores[] {
  return labels.map((label, k) => {
    const right = matrix[k]![k]!;
    const support = matrix[k]!.reduce((a, b) => a + b, 0);
    const predicted = matrix.reduce((sum, row) => sum + row[k]!, 0);
    return {
      label,
      precision: ratio(right, predicted),
      recall: ratio(right, support),
      f1: ratio(2 * right, support + predicted),
      support,
      predicted,
    };
  });
}

const ratio = (part: number, of: number): number => (of === 0 ? 0 : part / of);
