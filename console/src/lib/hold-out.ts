import type { LabelledRow } from './rows.ts';

export interface Parts {
  readonly training: readonly LabelledRow[];
  readonly held: readonly LabelledRow[];
}

/**
 * Holds out about this part of the rows, of each label alike, spread evenly over their order: the same rows give the same
 * parts, so that two jobs on them can be compared. A label with one row keeps it for training.
 */
export function holdOut(rows: readonly LabelledRow[], part: number): Parts {
  const seen = new Map<string, number>();
  const training: LabelledRow[] = [];
  const held: LabelledRow[] = [];
  for (const row of rows) {
    const label = 'label' in row ? row.label : '';
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    const isHeld = Math.floor((before + 1) * part) > Math.floor(before * part);
    (isHeld ? held : training).push(row);
  }
  return { training, held };
}
