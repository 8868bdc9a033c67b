import type { Comparison, Contender, Evaluation, Plan } from '../api/types.ts';
import { points, signed } from './format.ts';

/** What the server calls versions that answer together, e.g. `mood@1+2`. */
const ENSEMBLE = /@\d+(\+\d+)+$/;

/** A contender in words. */
export function nameOf(name: string): string {
  if (name === 'zero_shot') return 'the base model';
  if (name === 'k_shot') return 'the base model with examples';
  if (name === 'naive_bayes') return 'the words alone';
  return ENSEMBLE.test(name) ? `the ensemble ${name}` : name;
}

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

/** A sentence may begin with the base model or an ensemble, not with a task: its name is written small. */
export const capital = (name: string): string => name.replace(/^the /, 'The ');

const pWords = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** What serves a task so that this contender answers; null: a baseline, which serves none. */
export function planOf({ type, versions }: Pick<Contender, 'type' | 'versions'>): Plan | null {
  if (type === 'version') return { type, version: versions[0]! };
  return type === 'ensemble' ? { type, versions } : null;
}

/** The contenders that can serve. */
export const servable = ({ contenders }: Evaluation): readonly Contender[] =>
  contenders.filter((contender) => planOf(contender) !== null);

/**
 * What could serve with the highest measure; null: there is nothing. Of equals the first: an ensemble comes after its
 * members, and for as good an answer one of them costs less.
 */
export function bestContender(evaluation: Evaluation): Contender | null {
  const measure = measureOf(evaluation);
  return servable(evaluation).reduce<Contender | null>(
    (best, contender) => (best === null || measure.of(contender) > measure.of(best) ? contender : best),
    null,
  );
}
