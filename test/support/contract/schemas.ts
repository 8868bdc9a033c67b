import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { DOCUMENT, type Schema } from './document.ts';

const KEY = 'openapi.json';

// Another validator than the service's own, so that neither's mistakes hide the other's.
const ajv = new Ajv2020({ strict: false, discriminator: false });
formats.default(ajv);
ajv.addSchema({ $id: KEY, components: { schemas: closed(DOCUMENT.components.schemas) } });

const validators = new WeakMap<Schema, ValidateFunction>();

/** What is wrong with a value; empty: nothing. An object of the document has no other fields than those described. */
export function faultsOf(schema: Schema, value: unknown): string[] {
  let validate = validators.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(closed(absolute(schema)));
    validators.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
    [instancePath || '/', message, JSON.stringify(params)].join(' '),
  );
}

const absolute = (schema: Schema): Schema =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${KEY}#/`));

/**
 * Clients must ignore fields that they do not know, so responses are open. Here they are closed: what the service sends
 * and does not describe is a fault.
 */
function closed<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(closed) as T;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, closed(item)]));
  const open = copy.type === 'object' && copy.properties && copy.additionalProperties === undefined;
  return (open ? { ...copy, additionalProperties: false } : copy) as T;
}
