import type { DataRow } from '../training/dataset/rows.ts';

/**
 * What a row may have as its label. A task's labels often begin with a space, because they continue the input;
 * files of labelled rows rarely do. So a label also counts without the white space around it, where that leaves
 * no doubt which one is meant.
 */
export class LabelNames {
  private readonly byName: ReadonlyMap<string, string>;

  constructor(labels: readonly string[]) {
    const byName = new Map<string, string>();
    const ambiguous = new Set<string>();
    for (const label of labels) {
      const name = label.trim();
      if (name === '') continue;
      if (byName.has(name)) ambiguous.add(name);
      byName.set(name, label);
    }
    for (const name of ambiguous) byName.delete(name);
    for (const label of labels) byName.set(label, label);
    this.byName = byName;
  }

  /** Every accepted form. */
  get accepted(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** The row with the task's own form of its label. */
  readonly resolve = (row: DataRow): DataRow => ({
    ...row,
    target: this.byName.get(row.target) ?? row.target,
  });
}
