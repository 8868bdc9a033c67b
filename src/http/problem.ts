import { STATUS_CODES } from 'node:http';
import { Type } from 'typebox';
import { DomainError, type ErrorKind } from '../domain/errors.ts';
import { component } from './openapi/component.ts';

const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media: 415,
  unprocessable: 422,
  contended: 429,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
};

/** Characters of a request's path that an answer repeats; every route's path is shorter. */
const LONGEST_PATH = 512;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const ApiErrorSchema = Type.Object(
  {
    message: Type.String(),
    type: Type.String({
      description: 'Class of the error, as in OpenAI\'s API, e.g. "invalid_request_error".',
    }),
    param: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The field at fault.' }),
    code: Type.String({ description: 'Stable identifier, e.g. "token_dim_mismatch".' }),
  },
  { description: "The error in the form of OpenAI's API.", ...component('ApiError') },
);

/** A problem document (RFC 9457) with the error member that OpenAI's clients read. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'URI of the problem type; ends in the error code.' }),
    title: Type.String({ description: "The status code's reason phrase." }),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String({ description: 'Path of the request.' }),
    request_id: Type.String({ description: 'The same as the header x-request-id.' }),
    param: Type.Optional(Type.String({ description: 'The field, tensor or file at fault.' })),
    expected: Type.Optional(Type.Unknown({ description: 'What the rule allows.' })),
    given: Type.Optional(Type.Unknown({ description: 'What came instead.' })),
    error: ApiErrorSchema,
  },
  { ...component('Problem'), description: 'A refusal: RFC 9457 problem document.' },
);
export type Problem = Type.Static<typeof ProblemSchema>;
export type ApiError = Type.Static<typeof ApiErrorSchema>;

/** What a problem says; `DomainError` has all of it but the status. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly param?: string | undefined;
  readonly expected?: unknown;
  readonly given?: unknown;
  readonly retryAfter?: number | undefined;
}

/** The refusal that a caller may see: a domain error as it is, anything else without its internals. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof DomainError) {
    const { code, message, param, expected, given, retryAfter } = error;
    return { status: STATUS_OF_KIND[error.kind], code, message, param, expected, given, retryAfter };
  }
  return { status: 500, code: 'internal_error', message: 'The server failed to handle this request.' };
}

export function problemOf(refusal: Refusal, request: { id: string; url: string }): Problem {
  const { status, code, message, param, expected, given } = refusal;
  return {
    type: `urn:softprompt:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    instance: (request.url.split('?', 1)[0] ?? '/').slice(0, LONGEST_PATH),
    request_id: request.id,
    ...(param !== undefined && { param }),
    ...(expected !== undefined && { expected: jsonSafe(expected) }),
    ...(given !== undefined && { given: jsonSafe(given) }),
    error: apiErrorOf(refusal),
  };
}

/** The error as OpenAI's API has it; also the payload of an error inside an event stream. */
export function apiErrorOf({ status, code, message, param }: Refusal): ApiError {
  return { message, type: errorType(status), param: param ?? null, code };
}

function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** JSON has no bigint; tensor sizes in a refusal can be one. */
function jsonSafe(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number') return value;
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item,
  );
  return text === undefined ? null : JSON.parse(text);
}
