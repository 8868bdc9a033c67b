import { isDeepStrictEqual } from 'node:util';
import { COMPONENT } from './component.ts';
import { type Document, mapInner, mapSchemas, type Schema } from './document.ts';

/**
 * Moves each schema with a name (component.ts) to the components and leaves a reference. One that also takes null
 * becomes the reference or null. Throws when two different schemas have one name.
 */
export function hoistComponents(document: Document): Document {
  const found = new Map<string, Schema>();

  function hoist(schema: Schema): Schema {
    const { [COMPONENT]: name, ...rest } = mapInner(schema, hoist);
    if (typeof name !== 'string') return rest;
    const { plain, nullable } = withoutNull(rest);
    const before = found.get(name);
    if (before && !isDeepStrictEqual(before, plain)) throw new Error(`Two schemas have the name ${name}.`);
    found.set(name, plain);
    const reference = { $ref: `#/components/schemas/${name}` };
    return nullable ? { anyOf: [reference, { type: 'null' }] } : reference;
  }

  const hoisted = mapSchemas(document, hoist);
  const schemas = { ...hoisted.components.schemas, ...Object.fromEntries(found) };
  const sorted = Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...hoisted, components: { ...hoisted.components, schemas: Object.fromEntries(sorted) } };
}

/** The schema as it is without null, and whether it took null. */
function withoutNull(schema: Schema): { plain: Schema; nullable: boolean } {
  if (!Array.isArray(schema.type) || !schema.type.includes('null')) return { plain: schema, nullable: false };
  const types = schema.type.filter((type: string) => type !== 'null');
  const plain = {
    ...schema,
    type: types.length === 1 ? types[0] : types,
    ...(schema.enum && { enum: schema.enum.filter((value) => value !== null) }),
  };
  return { plain, nullable: true };
}
