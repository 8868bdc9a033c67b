import { parseSeparated } from './csv.ts';

export type LabelledRow =
  | { readonly text: string; readonly label: string }
  | { readonly prompt: string; readonly completion: string };

export type RowKind = 'classification' | 'completion';

export interface RowSet {
  readonly kind: RowKind;
  readonly rows: readonly LabelledRow[];
  /** Distinct labels with their counts, the most frequent first; none of completions. */
  readonly labels: ReadonlyMap<string, number>;
}

const COLUMNS = [
  ['text', 'label'],
  ['prompt', 'completion'],
] as const;

const EXPECTED = 'Rows are lines of text and label, as CSV, as pasted from a spreadsheet, or as JSON lines.';

/** Rows out of what a person pasted or dropped. Throws an Error that says what is wrong, in plain words. */
export function parseRows(text: string): RowSet {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '') throw new Error(`There are no rows. ${EXPECTED}`);
  const rows = /^[[{]/.test(trimmed) ? jsonRows(trimmed) : separatedRows(trimmed);
  if (rows.length === 0) throw new Error(`There are no rows below the header. ${EXPECTED}`);
  const kind = 'text' in rows[0]! ? 'classification' : 'completion';
  const other = rows.findIndex((row) => 'text' in row !== (kind === 'classification'));
  if (other >= 0) throw new Error(`Row ${other + 1} is of another kind than the first.`);
  return { kind, rows, labels: countLabels(rows) };
}

/** The inputs out of what a person pasted: the column `text` of a table, or one a line. */
export function parseInputs(text: string): readonly string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '') return [];
  try {
    if (/^[[{]/.test(trimmed) || /^"?(text|prompt)"?[\t,]/i.test(trimmed)) {
      return parseRows(trimmed).rows.map((row) => ('text' in row ? row.text : row.prompt));
    }
  } catch {
    // Not a table after all.
  }
  const lines = trimmed.split(/\r?\n/).filter((line) => line.trim() !== '');
  return /^"?text"?$/i.test(lines[0]!) ? lines.slice(1) : lines;
}

function jsonRows(text: string): readonly LabelledRow[] {
  const values = text.startsWith('[')
    ? (JSON.parse(text) as unknown[])
    : text.split(/\r?\n/).flatMap(jsonLine);
  return values.map((value, i) => rowOf(value as Record<string, unknown>, `Row ${i + 1}`));
}

function jsonLine(line: string, index: number): unknown[] {
  if (line.trim() === '') return [];
  try {
    return [JSON.parse(line)];
  } catch {
    throw new Error(`Line ${index + 1} is not JSON. ${EXPECTED}`);
  }
}

function separatedRows(text: string): readonly LabelledRow[] {
  const [head = ''] = text.split('\n', 1);
  const records = parseSeparated(text, head.includes('\t') ? '\t' : ',');
  const names = records[0]!.map((name) => name.trim().toLowerCase());
  const header = COLUMNS.find((columns) => columns.every((name) => names.includes(name)));
  const columns = header ?? COLUMNS[0];
  const places = header?.map((name) => names.indexOf(name)) ?? [0, 1];
  return records.slice(header ? 1 : 0).map((record, i) => {
    const number = i + (header ? 2 : 1);
    if (header === undefined && record.length !== 2) {
      throw new Error(
        `Row ${number} has ${record.length} columns and there is no header "text,label". ${EXPECTED}`,
      );
    }
    return rowOf(Object.fromEntries(columns.map((name, at) => [name, record[places[at]!]])), `Row ${number}`);
  });
}

function rowOf(value: Readonly<Record<string, unknown>> | null, place: string): LabelledRow {
  const { text, label, prompt, completion } = Object(value) as Record<string, unknown>;
  if (isText(text) && isText(label) && text !== '' && label !== '') return { text, label };
  if (isText(prompt) && isText(completion) && completion !== '') return { prompt, completion };
  throw new Error(`${place} has no text and label, and no prompt and completion.`);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function countLabels(rows: readonly LabelledRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) if ('label' in row) counts.set(row.label, (counts.get(row.label) ?? 0) + 1);
  return new Map([...counts].sort((a, b) => b[1] - a[1]));
}

export const jsonLines = (rows: readonly LabelledRow[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
