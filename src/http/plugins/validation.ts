import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { DomainError } from '../../domain/errors.ts';

/**
 * Compiles a TypeBox schema for Fastify. Bodies are checked as they are; parameters arrive as text, and only
 * exact integers and booleans are converted. Nothing is removed and no default is filled in.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  return (value: unknown) => {
    const candidate = httpPart === 'body' ? value : convertParameters(schema, value);
    if (validator.Check(candidate)) return { value: candidate };
    return { error: refusal(schema, validator.Errors(candidate), candidate) };
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
  if (type === 'integer' && /^-?[0-9]{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function refusal(schema: TSchema, errors: TLocalizedValidationError[], value: unknown): DomainError {
  // Errors inside a union say why each branch failed; the union's own error says what was wanted.
  const error = errors.find((e) => e.keyword !== 'boolean' && !e.schemaPath.includes('/anyOf/')) ?? errors[0];
  if (error === undefined) return new DomainError('invalid', 'invalid_request', 'The request is not valid.');
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  if (error.keyword === 'additionalProperties') {
    const param = [...path, error.params.additionalProperties[0]].join('.');
    return new DomainError('invalid', 'unknown_field', `There is no field "${param}" here.`, {
      param,
      expected: Object.keys(Object(child(at(schema, error.schemaPath), 'properties'))),
    });
  }
  if (error.keyword === 'required') {
    const param = [...path, error.params.requiredProperties[0]].join('.');
    return new DomainError('invalid', 'missing_field', `The field "${param}" is required.`, { param });
  }
  const param = path.length === 0 ? undefined : path.join('.');
  const expected = expectation(error, at(schema, error.schemaPath));
  const subject = param === undefined ? 'The request body' : `"${param}"`;
  return new DomainError('invalid', 'invalid_field', `${subject} must ${expected}.`, {
    ...(param !== undefined && { param }),
    expected: expected.replace(/^be /, ''),
    given: brief(at(value, error.instancePath)),
  });
}

/** What the broken rule asks for, to stand after "must". Unions carry it in their `title`. */
function expectation(error: TLocalizedValidationError, schema: unknown): string {
  switch (error.keyword) {
    case 'anyOf':
      return `be ${child(schema, 'title')}`;
    case 'enum':
      return `be one of ${error.params.allowedValues.join(', ')}`;
    case 'pattern':
      return `match ${error.params.pattern}`;
    default:
      return error.message.replace(/^must /, '');
  }
}

/** The value if it is short, else its type: a refusal does not echo whole prompts. */
function brief(value: unknown): unknown {
  if (typeof value === 'string' && value.length > 80) return `text of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'an object' : value;
}

/** The value at a JSON pointer (a leading `#` is allowed). */
function at(root: unknown, pointer: string): unknown {
  return pointer.split('/').slice(1).map(unescapePointer).reduce(child, root);
}

function child(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');
