import { createHash } from 'node:crypto';

/** A labelled row, and the key of the rows that must not be parted between training and test. */
export interface ExampleRow {
  readonly text: string;
  /** As the task has it: with the space before it. */
  readonly label: string;
  /** Rows of one group are all learned from, or all tested on. */
  readonly group: string;
}

export type Part = 'train' | 'validation' | 'test';

/** Rows of each part, the same number of every label. */
export type PartSizes = Readonly<Record<Part, number>>;

/** Rows of an example: reads the unpacked package. Rejects with the file system's error. */
export type RowSource = (packageDirectory: string) => Promise<readonly ExampleRow[]>;

const PARTS: readonly Part[] = ['test', 'validation', 'train'];

/**
 * Draws the parts, each with `size / labels` rows of every label (fewer where there are too few). The same rows and
 * seed give the same parts, whatever the order of the rows. A text stands once, and only with one label.
 */
export function splitRows(
  rows: readonly ExampleRow[],
  sizes: PartSizes,
  seed: number,
): Readonly<Record<Part, readonly ExampleRow[]>> {
  const parts: Record<Part, ExampleRow[]> = { train: [], validation: [], test: [] };
  const labels = [...new Set(rows.map(({ label }) => label))];
  const rank = (text: string): string => drawRank(text, seed);
  const ranked = distinct(rows)
    .map((row) => ({ row, key: rank(row.group) + rank(row.text) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const partOfGroup = new Map<string, Part>();
  const count = (part: Part, label: string): number => parts[part].filter((it) => it.label === label).length;
  for (const { row } of ranked) {
    const open = PARTS.find((part) => count(part, row.label) < sizes[part] / labels.length);
    const part = partOfGroup.get(row.group) ?? open;
    if (part === undefined || count(part, row.label) >= sizes[part] / labels.length) continue;
    partOfGroup.set(row.group, part);
    parts[part].push(row);
  }
  // By group the rows came out; a file in that order would be a poor one to read from the top.
  for (const part of PARTS) parts[part].sort((a, b) => (rank(a.text) < rank(b.text) ? -1 : 1));
  return parts;
}

/** The place of a group or text in the draw, 64 hexadecimal digits: test rows come first, then validation rows. */
export function drawRank(text: string, seed: number): string {
  return createHash('sha256').update(`${seed}:${text}`).digest('hex');
}

/** The first row of each text, without the texts that stand with two labels. */
function distinct(rows: readonly ExampleRow[]): readonly ExampleRow[] {
  const byText = new Map<string, ExampleRow | null>();
  for (const row of rows) {
    const key = row.text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ' ')
      .trim();
    const known = byText.get(key);
    if (known === undefined) byText.set(key, row);
    else if (known?.label !== row.label) byText.set(key, null);
  }
  return [...byText.values()].filter((row) => row !== null);
}
