import fc from 'fast-check';
import { resolve, type Schema } from '../document.ts';

/** Values under the names of fields and parameters that mean something to the service that is asked. */
export type Known = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Most items of a generated list, and characters of a text, whatever the schema allows. */
const MOST_ITEMS = 3;
const MOST_CHARACTERS = 24;

const ABSENT = Symbol('absent');

/** Values that fit a schema; under a known name mostly those that are known. */
export function fitting(schema: Schema, known: Known, name = ''): fc.Arbitrary<unknown> {
  const any = anyOf(resolve(schema), known);
  const likely = known[name];
  return likely === undefined
    ? any
    : fc.oneof({ weight: 9, arbitrary: likely }, { weight: 1, arbitrary: any });
}

function anyOf(schema: Schema, known: Known): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return fc.oneof(...branches.map((branch) => fitting(branch, known)));
  const types = [schema.type ?? ['null', 'number', 'string']].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, known)));
}

function ofType(type: string, schema: Schema, known: Known): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integerOf(schema);
    case 'number':
      return numberOf(schema);
    case 'string':
      return textOf(schema);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = MOST_ITEMS } = schema;
      const maxLength = Math.min(maxItems, Math.max(minItems, MOST_ITEMS));
      return fc.array(fitting(items, known), { minLength: minItems, maxLength });
    }
    case 'object':
      return objectOf(schema, known);
    default:
      throw new Error(`a schema of the type ${type}`);
  }
}

/** Mostly small, and the limits. */
function integerOf({ minimum = -1000, maximum = 1000 }: Schema): fc.Arbitrary<number> {
  const near = fc.integer({ min: Math.max(minimum, -8), max: Math.min(maximum, 8) });
  return fc.oneof(
    { weight: 6, arbitrary: near },
    { weight: 1, arbitrary: fc.constantFrom(minimum, maximum) },
  );
}

function numberOf({ minimum, exclusiveMinimum, maximum = 1000 }: Schema): fc.Arbitrary<number> {
  const min = minimum ?? exclusiveMinimum ?? -1000;
  return fc.double({ min, max: maximum, noNaN: true, minExcluded: minimum === undefined });
}

function textOf({ pattern, minLength = 0, maxLength = MOST_CHARACTERS }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const most = Math.min(maxLength, Math.max(minLength, MOST_CHARACTERS));
  return fc
    .string({ unit: 'grapheme', minLength, maxLength: most })
    .filter(({ length }) => length <= maxLength);
}

/** Fields that may be left out mostly are: with all of them a request would contradict itself. */
function objectOf(schema: Schema, known: Known): fc.Arbitrary<object> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const entries = Object.entries(properties).map(([name, property]) => {
    const value = fitting(property, known, name);
    const entry = required.includes(name)
      ? value
      : fc.oneof({ weight: 4, arbitrary: fc.constant(ABSENT) }, { weight: 1, arbitrary: value });
    return entry.map((item) => [name, item] as const);
  });
  const more =
    typeof additionalProperties === 'object'
      ? fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fitting(additionalProperties, known), {
          maxKeys: MOST_ITEMS,
        })
      : fc.constant({});
  return fc.tuple(fc.tuple(...entries), more).map(([given, others]) => ({
    ...others,
    ...Object.fromEntries(given.filter(([, value]) => value !== ABSENT)),
  }));
}
