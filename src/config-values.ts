import { envSchema } from 'env-schema';
import type { TObject } from 'typebox';
import { DomainError } from './domain/errors.ts';

interface SchemaError {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: { readonly allowedValues?: readonly string[] };
}

export interface ValueSources {
  /** The flag or variable that each value comes from. */
  readonly origin: ReadonlyMap<string, string>;
  /** Their values are not repeated in a refusal. */
  readonly secret: ReadonlySet<string>;
}

/**
 * Settings as they were typed, with their types and the defaults of the others. Throws `invalid` invalid_configuration
 * for the first bad value.
 */
export function checkedValues<T>(
  schema: TObject,
  given: Record<string, string>,
  { origin, secret }: ValueSources,
): T {
  try {
    return envSchema<T>({ schema, data: given, env: false });
  } catch (cause) {
    const error = (cause as { readonly errors?: readonly SchemaError[] }).errors?.[0];
    if (error === undefined) throw cause;
    const setting = error.instancePath.slice(1);
    const source = origin.get(setting) ?? setting;
    throw new DomainError('invalid', 'invalid_configuration', `${source} has a value that is not allowed.`, {
      param: source,
      expected: error.params.allowedValues?.join(', ') ?? error.message?.replace(/^must (be )?/, ''),
      ...(!secret.has(setting) && { given: given[setting] }),
      cause,
    });
  }
}
