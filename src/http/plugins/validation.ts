import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { DomainError } from '../../domain/errors.ts';
import { excerpt } from './excerpt.ts';
import { type Fault, firstFault } from './first-fault.ts';

/**
 * Compiles a TypeBox schema for Fastify. Bodies are checked as they are; parameters arrive as text, and only
 * exact integers (without leading zeros) and booleans are converted. Nothing is removed and no default is filled in.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  return (value: unknown) => {
    const candidate = httpPart === 'body' ? value : convertParameters(schema, value);
    if (validator.Check(candidate)) return { value: candidate };
    const fault = firstFault(schema, candidate);
    const error = fault
      ? refusal(fault)
      : new DomainError('invalid', 'invalid_request', 'The request is not valid.');
    return { error };
  };
};

function convertParameters(schema: TSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const properties = child(schema, 'properties');
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      convertText(child(child(properties, name), 'type'), item),
    ]),
  );
}

function convertText(type: unknown, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'integer' && /^(0|-?[1-9][0-9]{0,14})$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function refusal(fault: Fault): DomainError {
  const param = fault.path.length === 0 ? undefined : fault.path.map(excerpt).join('.');
  const named = param !== undefined && { param };
  switch (fault.kind) {
    case 'unknown_field':
      return new DomainError('invalid', fault.kind, `There is no field "${param}" here.`, {
        ...named,
        expected: fault.known,
      });
    case 'missing_field':
      return new DomainError('invalid', fault.kind, `The field "${param}" is required.`, { ...named });
    case 'invalid_field': {
      const { expected, value, size } = fault;
      const subject = param === undefined ? 'The request body' : `"${param}"`;
      const length = size ? `; it has ${(value as string | unknown[]).length}` : '';
      return new DomainError('invalid', fault.kind, `${subject} must ${expected}${length}.`, {
        ...named,
        expected: expected.replace(/^be /, ''),
        given: brief(value),
      });
    }
  }
}

/** The value if it is short, else its type: a refusal does not echo whole prompts. */
function brief(value: unknown): unknown {
  if (typeof value === 'string' && value.length > 80) return `text of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'an object' : value;
}

function child(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
