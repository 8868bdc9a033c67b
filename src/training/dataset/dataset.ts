import { DomainError } from '../../domain/errors.ts';
import { assertLabelsTogether } from '../../domain/task.ts';
import { readCsv } from './csv.ts';
import { readJsonLines } from './jsonl.ts';
import { DATASET_LIMITS, type DatasetLimits, limitBytes, tooLarge } from './limits.ts';
import { Problems } from './problems.ts';
import { checkRow, type DataRow, type DatasetKind, FIELDS, kindOf } from './rows.ts';

export interface Dataset {
  readonly kind: DatasetKind;
  readonly rows: readonly DataRow[];
  /** Distinct labels in the order of their first rows; empty for completions. */
  readonly labels: readonly string[];
}

export type DatasetFormat = 'jsonl' | 'csv';

export interface DatasetOptions {
  readonly format: DatasetFormat;
  readonly limits?: DatasetLimits;
  /** Labels that rows may have, such as a task's own; null: any, at least two. Completions have none. */
  readonly labels?: readonly string[] | null;
}

/**
 * Reads labelled rows, {"text","label"} or {"prompt","completion"}, all of one kind.
 * Rejects with `unprocessable` dataset_invalid (`given` lists row, line and code of each problem), dataset_empty or
 * one_class, too_many_labels or labels_too_long, and with `too_large` dataset_too_large.
 */
export async function readDataset(
  source: AsyncIterable<Uint8Array>,
  { format, limits = DATASET_LIMITS, labels = null }: DatasetOptions,
): Promise<Dataset> {
  const problems = new Problems(limits.maxProblems);
  const bytes = limitBytes(source, limits.maxBytes);
  const read = format === 'csv' ? readCsv : readJsonLines;
  const known = labels === null ? null : new Set(labels);
  const rows: DataRow[] = [];
  let kind: DatasetKind | null = null;
  for await (const raw of read(bytes, limits, problems)) {
    if (raw.row > limits.maxRows) throw tooLarge('rows', limits.maxRows);
    const own = kindOf(raw);
    kind ??= own;
    if (own === null || own !== kind) {
      const message =
        kind === null
          ? 'expected a row of text and label, or of prompt and completion'
          : `expected a row of ${FIELDS[kind].join(' and ')}, like the rows before`;
      problems.add({ row: raw.row, line: raw.line, code: 'unknown_kind', message });
      continue;
    }
    const row = checkRow(raw, kind, problems);
    if (row === null) continue;
    if (kind === 'classification' && row.target.length > limits.maxLabelLength) {
      const message = `expected a label of at most ${limits.maxLabelLength} characters, given ${row.target.length}`;
      problems.add({ row: row.row, line: row.line, code: 'label_too_long', message });
      continue;
    }
    if (kind === 'classification' && known !== null && !known.has(row.target)) {
      const message = `the label ${JSON.stringify(row.target.slice(0, 80))} is not among the known labels`;
      problems.add({ row: row.row, line: row.line, code: 'unknown_label', message });
      continue;
    }
    rows.push(row);
  }
  problems.throwIfAny();
  if (kind === null || rows.length === 0) {
    throw refusal('dataset_empty', 'The data set has no rows.', 'at least one row', 0);
  }
  return { kind, rows, labels: kind === 'classification' ? (labels ?? labelsOf(rows, limits)) : [] };
}

function labelsOf(rows: readonly DataRow[], { maxLabels }: DatasetLimits): readonly string[] {
  const labels = [...new Set(rows.map(({ target }) => target))];
  if (labels.length < 2) {
    throw refusal('one_class', 'All rows have the same label.', 'at least two labels', labels);
  }
  if (labels.length > maxLabels) {
    const expected = `at most ${maxLabels}; rows of prompt and completion may have any number`;
    throw refusal('too_many_labels', 'The rows have too many different labels.', expected, labels.length);
  }
  assertLabelsTogether(labels, 'file');
  return labels;
}

function refusal(code: string, message: string, expected: string, given: unknown): DomainError {
  return new DomainError('unprocessable', code, message, { param: 'file', expected, given });
}
