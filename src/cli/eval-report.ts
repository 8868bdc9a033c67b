import { table } from './output.ts';

/** An evaluation as the server shows it. */
export interface EvaluationView {
  readonly object: 'evaluation';
  readonly task: string;
  readonly kind: 'classification' | 'generation';
  readonly rows: number;
  readonly labels: readonly string[];
  readonly contenders: readonly ContenderView[];
  readonly significance: { readonly comparisons: readonly ComparisonView[] };
}

interface ComparisonView {
  readonly name: string;
  readonly reference: string;
  readonly rows: number;
  readonly measure: string;
  readonly difference: number;
  readonly interval: readonly [number, number];
  readonly p_value: number;
}

interface ContenderView {
  readonly name: string;
  readonly n: number;
  readonly too_long: { readonly count: number };
  readonly loss: number;
  readonly seconds: number;
  /** Of accuracy or exact match. */
  readonly interval: readonly [number, number];
  readonly accuracy?: number;
  readonly macro_f1?: number;
  readonly classes?: readonly ClassView[];
  readonly confusion_matrix?: readonly (readonly number[])[];
  readonly exact_match?: number;
  readonly token_f1?: number;
}

interface ClassView {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

/** More labels than this make a matrix that no terminal holds; `--json` has it whole. */
const MAX_MATRIX = 20;

/** Contenders side by side, each against the first, then the classes and the confusion matrix of each. */
export function renderEvaluation({ kind, labels, contenders, significance }: EvaluationView): string {
  const names = kind === 'classification' ? ['ACCURACY', '95 %', 'MACRO-F1'] : ['EXACT', '95 %', 'TOKEN-F1'];
  const rows = contenders.map((it) => [
    it.name,
    percent(it.accuracy ?? it.exact_match),
    interval(it.interval),
    percent(it.macro_f1 ?? it.token_f1),
    it.loss.toFixed(4),
    String(it.n),
    String(it.too_long.count),
    it.seconds.toFixed(1),
  ]);
  const heading = ['CONTENDER', ...names, 'LOSS', 'ROWS', 'TOO LONG', 'SECONDS'];
  const parts = [table(heading, rows, '')];
  if (significance.comparisons.length > 0) parts.push(comparisonTable(significance.comparisons));
  for (const { name, classes, confusion_matrix: matrix } of contenders) {
    if (classes === undefined || matrix === undefined) continue;
    parts.push(`${name}\n${classTable(classes)}`);
    if (labels.length <= MAX_MATRIX)
      parts.push(`${name}: true label in rows\n${matrixTable(labels, matrix)}`);
  }
  return parts.join('\n\n');
}

function comparisonTable(comparisons: readonly ComparisonView[]): string {
  const rows = comparisons.map((it) => [
    `${it.name} - ${it.reference}`,
    it.measure,
    percent(it.difference),
    interval(it.interval),
    it.p_value.toFixed(4),
    String(it.rows),
  ]);
  return table(['COMPARISON', 'MEASURE', 'DIFFERENCE', '95 %', 'P', 'ROWS'], rows, '');
}

function classTable(classes: readonly ClassView[]): string {
  const rows = classes.map(({ label, precision, recall, f1, support }) => [
    JSON.stringify(label),
    percent(precision),
    percent(recall),
    percent(f1),
    String(support),
  ]);
  return table(['LABEL', 'PRECISION', 'RECALL', 'F1', 'ROWS'], rows, '');
}

function matrixTable(labels: readonly string[], matrix: readonly (readonly number[])[]): string {
  const names = labels.map((label) => JSON.stringify(label));
  return table(
    ['', ...names],
    matrix.map((row, i) => [names[i]!, ...row.map(String)]),
    '',
  );
}

/** Lower and upper end in percent. */
export const interval = ([low, high]: readonly [number, number]): string =>
  `${(low * 100).toFixed(1)} .. ${(high * 100).toFixed(1)}`;

export const percent = (part: number | undefined): string =>
  part === undefined ? '-' : `${(part * 100).toFixed(1)} %`;
