import { DomainError } from '../domain/errors.ts';

/** The serving graph holds the rotary tables of all positions, and a protobuf message at most 2 GB. */
export const MAX_CONTEXT_LENGTH = 1 << 20;

/** A refusal of a model that is to be imported; `param` is the field, tensor or file at fault. */
export function unsupportedModel(
  code: string,
  param: string,
  message: string,
  details: { readonly expected?: unknown; readonly given?: unknown; readonly cause?: unknown } = {},
): DomainError {
  return new DomainError('unprocessable', code, message, { param, ...details });
}

/** Typed reads of a model's configuration (config.json, GGUF metadata). Errors name the field and where it stands. */
export class Fields {
  private readonly origin: string;
  private readonly values: ReadonlyMap<string, unknown>;

  /** @param origin file name for messages */
  constructor(origin: string, values: ReadonlyMap<string, unknown>) {
    this.origin = origin;
    this.values = values;
  }

  /** The raw value; undefined when the field is missing or null. */
  get(name: string): unknown {
    return this.values.get(name) ?? undefined;
  }

  /** The field is present and null. */
  isNull(name: string): boolean {
    return this.values.get(name) === null;
  }

  wrong(name: string, expected: unknown, given = this.get(name)): DomainError {
    const what = given === undefined ? 'is missing' : `is ${JSON.stringify(given)}`;
    return unsupportedModel(
      'unsupported_config',
      name,
      `${this.origin}: ${name} ${what}, expected ${typeof expected === 'string' ? expected : JSON.stringify(expected)}.`,
      { expected, given },
    );
  }

  /** A whole number from 1 to `largest`. */
  size(name: string, fallback?: number, largest = Number.MAX_SAFE_INTEGER): number {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= largest) return value;
    throw this.wrong(name, `an integer from 1 to ${largest}`, value);
  }

  /** A whole number of at least 0. */
  count(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.wrong(name, 'a non-negative integer', value);
  }

  /** A finite number above 0. */
  positive(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.wrong(name, 'a positive number', value);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.wrong(name, 'true or false', value);
  }

  /** A string; undefined when the field is missing. */
  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(name, 'a string');
  }

  /** Throws unless the field is missing or equal to `expected`. */
  only(name: string, expected: string | number | boolean): void {
    if ((this.get(name) ?? expected) !== expected) throw this.wrong(name, expected);
  }
}
