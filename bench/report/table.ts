import type { Spread } from '../statistics.ts';

/** A table as Markdown shows it: cells are text already. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the reader should know about the figures. */
  readonly note?: string;
}

/** Markdown, with columns padded so that it also reads well in a terminal. */
export function markdownTable({ title, columns, rows, note }: Table): string {
  const widths = columns.map((column, i) =>
    Math.max(3, ...[column, ...rows.map((row) => row[i] ?? '')].map(length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => pad(cells[i] ?? '', width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const table = [line(columns), rule, ...rows.map(line)].join('\n');
  return [`### ${title}`, table, ...(note === undefined ? [] : [note])].join('\n\n');
}

const length = (text: string): number => [...text].length;
const pad = (text: string, width: number): string => text + ' '.repeat(width - length(text));

/** Three significant digits; what did not happen has no number. */
export function number(value: number): string {
  if (Number.isNaN(value)) return 'none';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}

export const milliseconds = (seconds: number): string => number(seconds * 1000);
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
export const gigabytes = (bytes: number): string => number(bytes / 1e9);

/** `median (smallest to largest)` of the rounds. */
export function withRange({ value, low, high }: Spread, format = number): string {
  return low === high ? format(value) : `${format(value)} (${format(low)} to ${format(high)})`;
}

const BAR_WIDTH = 24;

/** A bar whose full length stands for `most`. */
export function bar(value: number, most: number): string {
  const eighths = Math.round((8 * BAR_WIDTH * value) / most);
  return '█'.repeat(eighths >> 3) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths & 7];
}
