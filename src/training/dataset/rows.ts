import type { Problems } from './problems.ts';

/** A row as it stands in the file. */
export interface RawRow {
  readonly row: number;
  readonly line: number;
  readonly fields: ReadonlyMap<string, unknown>;
}

/** A row that can be learned from. */
export interface DataRow {
  readonly row: number;
  readonly line: number;
  readonly input: string;
  readonly target: string;
}

/** classification: the targets are labels of a closed set. completion: any text. */
export type DatasetKind = 'classification' | 'completion';

export const FIELDS: Readonly<Record<DatasetKind, readonly [input: string, target: string]>> = {
  classification: ['text', 'label'],
  completion: ['prompt', 'completion'],
};

/** The kind that a row's fields stand for, by its first field; null for neither. */
export function kindOf({ fields }: RawRow): DatasetKind | null {
  if (fields.has('text') || fields.has('label')) return 'classification';
  return fields.has('prompt') || fields.has('completion') ? 'completion' : null;
}

/** A checked row, or null after its problems were noted. */
export function checkRow(raw: RawRow, kind: DatasetKind, problems: Problems): DataRow | null {
  const { row, line, fields } = raw;
  const names = FIELDS[kind];
  const found = [...fields.keys()];
  const fault = (code: string, message: string): null => {
    problems.add({ row, line, code, message });
    return null;
  };
  const unknown = found.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 40));
    return fault('unknown_field', `expected the fields ${names.join(' and ')}, given ${shown}`);
  }
  const [input, target] = names.map((name) => {
    const value = fields.get(name);
    if (value === undefined || value === null || value === '') {
      return fault(`missing_${name}`, `expected a ${name} that is not empty`);
    }
    return typeof value === 'string' ? value : fault(`invalid_${name}`, `expected ${name} to be a string`);
  });
  return typeof input === 'string' && typeof target === 'string' ? { row, line, input, target } : null;
}
