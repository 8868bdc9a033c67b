import type { Classification } from '../api/types.ts';
import { csvRecord } from './csv.ts';
import { count, percent } from './format.ts';

export interface Classified extends Classification {
  /** Place among the inputs. */
  readonly index: number;
  readonly text: string;
}

/** The probability of the label that was chosen. */
export const confidence = ({ label, probabilities }: Classification): number => probabilities[label] ?? 0;

/** Whether several versions answered, so that they may disagree. */
export const isOfEnsemble = (rows: readonly Classified[]): boolean =>
  rows.some(({ agreement }) => agreement !== undefined);

/** How many members chose the label, e.g. `3 of 5`. One version alone has nobody to agree with: a dash. */
export function agreementWords({ label, agreement, votes }: Classification): string {
  if (agreement === undefined) return '—';
  if (votes === undefined) return percent(agreement, 0);
  const members = Object.values(votes).reduce((sum, number) => sum + number, 0);
  return `${count(votes[label] ?? 0)} of ${count(members)}`;
}

/** `disputed`: least agreement first, and of rows with as much the least sure. */
export type Order = 'given' | 'unsure' | 'sure' | 'disputed';

type Compare = (a: Classified, b: Classified) => number;

const leastSure: Compare = (a, b) => confidence(a) - confidence(b);

const ORDERS: Readonly<Record<Order, Compare>> = {
  given: () => 0,
  unsure: leastSure,
  sure: (a, b) => leastSure(b, a),
  disputed: (a, b) => (a.agreement ?? 1) - (b.agreement ?? 1) || leastSure(a, b),
};

export const sorted = (rows: readonly Classified[], order: Order): readonly Classified[] =>
  [...rows].sort((a, b) => ORDERS[order](a, b) || a.index - b.index);

/** The labels with the highest probabilities first. */
export const ranked = ({
  probabilities,
}: Classification): readonly (readonly [label: string, part: number])[] =>
  Object.entries(probabilities).sort((a, b) => b[1] - a[1]);

/** A table of all rows: text, label, the agreement of an ensemble in [0, 1], and the probability of each label. */
export function toCsv(rows: readonly Classified[]): string {
  const labels = Object.keys(rows[0]?.probabilities ?? {});
  const hasAgreement = isOfEnsemble(rows);
  const names = ['text', 'label', ...(hasAgreement ? ['agreement'] : [])];
  const head = csvRecord([...names, ...labels.map((label) => `p(${label})`)]);
  const records = rows.map(({ text, label, agreement = '', probabilities }) =>
    csvRecord([
      text,
      label,
      ...(hasAgreement ? [agreement] : []),
      ...labels.map((name) => probabilities[name] ?? 0),
    ]),
  );
  return `${[head, ...records].join('\n')}\n`;
}
