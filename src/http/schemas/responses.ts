import type { FastifyReply } from 'fastify';
import { type Static, type TSchema, type TUnsafe, Type } from 'typebox';
import { PROBLEM_MEDIA_TYPE, ProblemSchema } from '../problem.ts';

/** A reference to a schema that the app knows by its `$id`; it becomes a component of the OpenAPI document. */
export function reference<T extends TSchema>(schema: T & { $id?: string }): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });
}

export interface ResponseHeader {
  readonly type: 'string' | 'integer';
  readonly description: string;
}

/** A JSON response with an example. */
export function json<T extends TSchema>(
  schema: T,
  description: string,
  example: Static<T>,
  headers?: Readonly<Record<string, ResponseHeader>>,
) {
  return { description, content: { 'application/json': { schema, example } }, ...(headers && { headers }) };
}

/** The same as JSON, or as server-sent events where the request asks for a stream. */
export function jsonOrEvents<T extends TSchema>(schema: T, description: string, example: Static<T>) {
  const whole = json(schema, description, example);
  const events = Type.Unsafe<FastifyReply>({
    type: 'string',
    description:
      'Events `data: {chunk}` and at last `data: [DONE]`; a failure is `data: {"error": {...}}` in front of it.',
  });
  return { ...whole, content: { ...whole.content, 'text/event-stream': { schema: events } } };
}

/** A response without a body. */
export const empty = (description: string) => Type.Null({ description });

/** A response in another format than JSON, sent as it is. */
export function raw<T extends string>(
  mediaType: T,
  description: string,
  headers?: Readonly<Record<string, ResponseHeader>>,
) {
  const content = { [mediaType]: { schema: Type.Unsafe<string | FastifyReply>({ type: 'string' }) } };
  return { description, content, ...(headers && { headers }) };
}

const REASONS = {
  400: 'The request breaks its schema or a documented rule.',
  401: 'There is no API key, or not a valid one.',
  403: 'The key may not do this.',
  404: 'The task, version or model does not exist.',
  406: 'No acceptable response type.',
  409: 'The request conflicts with the current state.',
  412: 'Another version is active than the one in If-Match.',
  413: 'The body is larger than allowed.',
  415: 'The body is of a type that is not taken here; pickle and zip files are never taken.',
  422: 'Well-formed, but wrong for this model; says what was expected and given.',
  429: 'Too many requests at once; Retry-After says when to try again.',
  500: 'A fault of the server.',
  503: 'No capacity, loading or draining; Retry-After says when to try again.',
  507: 'The storage is full.',
} as const;

type ProblemStatus = keyof typeof REASONS;

const retryAfter = { 'retry-after': { type: 'integer', description: 'Seconds.' } } as const;

function problem(status: ProblemStatus) {
  return {
    description: REASONS[status],
    content: { [PROBLEM_MEDIA_TYPE]: { schema: reference(ProblemSchema) } },
    ...((status === 429 || status === 503) && { headers: retryAfter }),
  };
}

/** The problem responses of an operation; 400 (unknown query parameters), 406 and 500 belong to every one. */
export function problems<S extends ProblemStatus>(...statuses: S[]) {
  const all = [400, ...statuses, 406, 500] as const;
  return Object.fromEntries(all.map((status) => [status, problem(status)])) as Record<
    S | 400 | 406 | 500,
    ReturnType<typeof problem>
  >;
}
