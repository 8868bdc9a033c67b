import { DomainError } from '../domain/errors.ts';

/** Metadata of a GGUF file: key to value. */
export type GgufMetadata = Readonly<Record<string, unknown>>;

/** A refusal that names the metadata field (`tokenizer.ggml.*`) at fault. */
export function fieldError(field: string, expected: string, given: unknown): DomainError {
  const shown = given === undefined ? 'nothing' : JSON.stringify(given)?.slice(0, 100);
  return new DomainError(
    'unprocessable',
    'gguf_tokenizer',
    `GGUF field ${field}: expected ${expected}, given ${shown}.`,
    {
      param: field,
      expected,
      given: shown,
    },
  );
}

export function readString(metadata: GgufMetadata, field: string): string | null {
  const value = metadata[field] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw fieldError(field, 'a string', value);
}

export function readBoolean(metadata: GgufMetadata, field: string, fallback: boolean): boolean {
  const value = metadata[field] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw fieldError(field, 'a boolean', value);
}

/** A token id below `vocabSize`, or null when the field is absent. */
export function readTokenId(metadata: GgufMetadata, field: string, vocabSize: number): number | null {
  const value = metadata[field] ?? null;
  if (value === null) return null;
  const id = typeof value === 'bigint' ? Number(value) : value;
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
  throw fieldError(field, `a token id from 0 to ${vocabSize - 1}`, String(value));
}

export function readStrings(metadata: GgufMetadata, field: string): readonly string[] {
  const value = metadata[field];
  if (!Array.isArray(value)) throw fieldError(field, 'a list of strings', value);
  const wrong = value.findIndex((item) => typeof item !== 'string');
  if (wrong >= 0) throw fieldError(`${field}[${wrong}]`, 'a string', value[wrong]);
  return value;
}

/** A list of `length` finite numbers, or null when the field is absent. */
export function readNumbers(metadata: GgufMetadata, field: string, length: number): readonly number[] | null {
  const value = metadata[field] ?? null;
  if (value === null) return null;
  if (!Array.isArray(value) || value.length !== length) {
    throw fieldError(
      field,
      `a list of ${length} numbers`,
      Array.isArray(value) ? `${value.length} values` : value,
    );
  }
  const wrong = value.findIndex((item) => !Number.isFinite(item));
  if (wrong >= 0) throw fieldError(`${field}[${wrong}]`, 'a finite number', String(value[wrong]));
  return value;
}
