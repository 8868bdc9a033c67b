import { readFile } from 'node:fs/promises';
import { seededRandom, shuffled } from '../random.ts';

export interface LabelledRow {
  readonly text: string;
  readonly label: string;
}

/** Reads JSON lines `{"text","label"}`. Rejects with the line that is something else. */
export async function readRows(file: string): Promise<LabelledRow[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line, i) => (line.trim() === '' ? [] : [rowOf(line, `${file}:${i + 1}`)]));
}

function rowOf(line: string, place: string): LabelledRow {
  const expected = `${place} must be {"text": string, "label": string}, not ${line.slice(0, 80)}`;
  let value: Partial<Record<string, unknown>> | null;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(expected);
  }
  const { text, label }: Partial<Record<string, unknown>> = value ?? {};
  if (typeof text !== 'string' || typeof label !== 'string') throw new Error(expected);
  return { text, label };
}

/** At most `most` of the rows, the same ones for a seed. */
export const drawRows = (rows: readonly LabelledRow[], most: number, seed: number): LabelledRow[] =>
  shuffled(seededRandom(seed), rows).slice(0, most);

export const jsonLines = (rows: readonly LabelledRow[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
