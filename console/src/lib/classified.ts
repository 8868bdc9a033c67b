import type { Classification } from '../api/types.ts';
import { csvRecord } from './csv.ts';

export interface Classified extends Classification {
  /** Place among the inputs. */
  readonly index: number;
  readonly text: string;
}

/** The probability of the label that was chosen. */
export const confidence = ({ label, probabilities }: Classification): number => probabilities[label] ?? 0;

export type Order = 'given' | 'unsure' | 'sure';

export function sorted(rows: readonly Classified[], order: Order): readonly Classified[] {
  if (order === 'given') return rows;
  const sign = order === 'unsure' ? 1 : -1;
  return [...rows].sort((a, b) => sign * (confidence(a) - confidence(b)) || a.index - b.index);
}

/** The labels with the highest probabilities first. */
export const ranked = ({
  probabilities,
}: Classification): readonly (readonly [label: string, part: number])[] =>
  Object.entries(probabilities).sort((a, b) => b[1] - a[1]);

/** A table of all rows: text, label and the probability of each label. */
export function toCsv(rows: readonly Classified[]): string {
  const labels = Object.keys(rows[0]?.probabilities ?? {});
  const head = csvRecord(['text', 'label', ...labels.map((label) => `p(${label})`)]);
  const records = rows.map(({ text, label, probabilities }) =>
    csvRecord([text, label, ...labels.map((name) => probabilities[name] ?? 0)]),
  );
  return `${[head, ...records].join('\n')}\n`;
}
