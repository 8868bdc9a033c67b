import type { ClassScores } from '../../domain/evaluation.ts';
import { mean } from './mean.ts';

/**
 * Mean F1 over the classes that occur, as true or as chosen ones: what scikit-learn's
 * `f1_score(average='macro')` gives. NaN without items.
 */
export function macroF1(classes: readonly ClassScores[]): number {
  return mean(classes.filter((it) => it.support + it.predicted > 0).map(({ f1 }) => f1));
}
