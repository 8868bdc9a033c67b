import type { Comparison, Contender, Evaluation } from '../api/types.ts';
import { points, signed } from './format.ts';

/** A contender in words. */
export const nameOf = (name: string): string =>
  name === 'zero_shot' ? 'the base model' : name === 'k_shot' ? 'the base model with examples' : name;

/** What contenders are ranked by. */
export interface Measure {
  readonly name: string;
  of(contender: Contender): number;
}

export const measureOf = (evaluation: Evaluation): Measure =>
  evaluation.kind === 'classification'
    ? { name: 'accuracy', of: ({ accuracy = 0 }) => accuracy }
    : { name: 'exact match', of: ({ exact_match = 0 }) => exact_match };

const MEASURES: Readonly<Record<string, string>> = {
  accuracy: 'accuracy',
  exact_match: 'exact match',
  token_f1: 'token F1',
};

/** A comparison in plain words. */
export function describeComparison(comparison: Comparison): string {
  const { measure, difference, interval, confidence, p_value: p } = comparison;
  const [name, reference] = [nameOf(comparison.name), nameOf(comparison.reference)];
  const [low, high] = interval;
  const range = `${(confidence * 100).toFixed(0)} % interval ${signed(low)} to ${points(high)}, p ${pWords(p)}`;
  const by = `${points(difference)} of ${MEASURES[measure] ?? measure} (${range})`;
  if (low > 0) return `${capital(name)} is better than ${reference}: ${by}.`;
  if (high < 0) return `${capital(name)} is worse than ${reference}: ${by}.`;
  return `Between ${name} and ${reference} these rows show no clear difference: ${by}.`;
}

/** A sentence may begin with the base model, not with a task: its name is written small. */
const capital = (name: string): string => name.replace(/^the /, 'The ');

const pWords = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** The version with the highest measure, of equals the first; null: there is none. */
export function bestVersion(evaluation: Evaluation): Contender | null {
  const measure = measureOf(evaluation);
  const versions = evaluation.contenders.filter(({ type }) => type === 'version');
  return versions.reduce<Contender | null>(
    (best, contender) => (best === null || measure.of(contender) > measure.of(best) ? contender : best),
    null,
  );
}
