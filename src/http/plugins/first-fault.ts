import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

/** One place at which a value breaks its schema. */
export type Fault =
  | { readonly kind: 'missing_field'; readonly path: Path }
  | { readonly kind: 'unknown_field'; readonly path: Path; readonly known: readonly string[] }
  /** `expected` stands after "must"; `size`: the rule is about how long the value is. */
  | {
      readonly kind: 'invalid_field';
      readonly path: Path;
      readonly value: unknown;
      readonly expected: string;
      readonly size: boolean;
    };
type Path = readonly string[];

/** The JSON Schema keywords that the search itself reads. */
interface Rules {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: TSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly TSchema[];
}

/**
 * The first fault of a value that does not fit its schema. TypeBox's own list of errors visits every item of
 * every list in every branch of every union: with millions of items that keeps the process from all other work.
 * Here a list's size comes before its items, and the search ends with the first fault.
 * Null: none was found, as with keywords of lists and objects that {@link Rules} does not have.
 */
export function firstFault(schema: TSchema, value: unknown, path: Path = []): Fault | null {
  const rules = schema as Rules;
  if (Array.isArray(value) && rules.items) return listFault(rules, rules.items, value, path);
  if (isObject(value) && rules.properties) return objectFault(rules, rules.properties, value, path);
  if (rules.anyOf) return unionFault(schema, rules.anyOf, value, path);
  const [error] = validatorOf(schema).Errors(value);
  if (error === undefined) return null;
  const expected =
    error.keyword === 'enum'
      ? `be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`
      : error.keyword === 'pattern'
        ? `match ${(error.params as { pattern: unknown }).pattern}`
        : error.message.replace(/^must /, '');
  const size = error.keyword === 'minLength' || error.keyword === 'maxLength';
  return { kind: 'invalid_field', path, value, expected, size };
}

function listFault(rules: Rules, items: TSchema, value: readonly unknown[], path: Path): Fault | null {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = rules;
  if (value.length < minItems || value.length > maxItems) {
    const limit = value.length < minItems ? `at least ${minItems}` : `at most ${maxItems}`;
    return { kind: 'invalid_field', path, value, expected: `have ${limit} items`, size: true };
  }
  const validator = validatorOf(items);
  const wrong = value.findIndex((item) => !validator.Check(item));
  return wrong < 0 ? null : firstFault(items, value[wrong], [...path, String(wrong)]);
}

function objectFault(
  rules: Rules,
  properties: Readonly<Record<string, TSchema>>,
  value: Readonly<Record<string, unknown>>,
  path: Path,
): Fault | null {
  const missing = rules.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return { kind: 'missing_field', path: [...path, missing] };
  const known = Object.keys(properties);
  if (rules.additionalProperties === false) {
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(properties, name));
    if (unknown !== undefined) return { kind: 'unknown_field', path: [...path, unknown], known };
  }
  for (const [name, property] of Object.entries(properties)) {
    const item = Object.hasOwn(value, name) ? value[name] : undefined;
    if (item !== undefined && !validatorOf(property).Check(item))
      return firstFault(property, item, [...path, name]);
  }
  return null;
}

/** The union's title says what was wanted, unless a branch of the value's form is only too long or too short. */
function unionFault(schema: TSchema, branches: readonly TSchema[], value: unknown, path: Path): Fault | null {
  if (validatorOf(schema).Check(value)) return null;
  const meant = branches.find((branch) => hasForm(branch, value));
  const inside = meant === undefined ? null : firstFault(meant, value, path);
  if (inside?.kind === 'invalid_field' && inside.size) return inside;
  return { kind: 'invalid_field', path, value, expected: `be ${(schema as Rules).title}`, size: false };
}

/** Whether a value is of the schema's JSON type, and its first item of the items' type. */
function hasForm(schema: TSchema, value: unknown): boolean {
  const { type, items } = schema as Rules;
  if (Array.isArray(value))
    return type === 'array' && (value.length === 0 || !items || hasForm(items, value[0]));
  if (typeof value === 'number') return type === 'integer' || type === 'number';
  return type === (value === null ? 'null' : typeof value);
}

const validators = new WeakMap<object, Validator>();

/** Compiled once, on the first refusal that needs it. */
function validatorOf(schema: TSchema): Validator {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = Compile(schema) as Validator;
    validators.set(schema, validator);
  }
  return validator;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
