import { mapInner, type Schema } from './document.ts';

const INT32_MAX = 2_147_483_647;

/**
 * A schema as generators like it best: numbers with their formats, one value as `const`, strings with their type, and
 * the title of a union, which refusals use, as its description: a title would name a type.
 */
export function normalForm(schema: Schema): Schema {
  const { title, ...rest } = mapInner(schema, normalForm);
  const described = { ...rest, ...(title && { description: description(title, rest.description) }) };
  return withFormat(withConst(described));
}

function description(title: string, more: string | undefined): string {
  const first = `${title.charAt(0).toUpperCase()}${title.slice(1)}.`;
  return more === undefined ? first : `${first} ${more}`;
}

function withConst(schema: Schema): Schema {
  const { enum: values, ...rest } = schema;
  if (values?.length === 1 && typeof values[0] === 'boolean') return { ...rest, const: values[0] };
  if (!values?.every((value) => typeof value === 'string' || value === null)) return schema;
  const type = schema.type ?? (values.includes(null) ? ['string', 'null'] : 'string');
  return values.length === 1 ? { ...rest, type, const: values[0] } : { ...schema, type };
}

function withFormat(schema: Schema): Schema {
  if (schema.format !== undefined) return schema;
  const types = [schema.type].flat();
  if (types.includes('number')) return { ...schema, format: 'double' };
  if (!types.includes('integer')) return schema;
  return { ...schema, format: (schema.maximum ?? Infinity) <= INT32_MAX ? 'int32' : 'int64' };
}
