import type { FastifyReply } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { component } from '../openapi/component.ts';
import { ApiErrorSchema, PROBLEM_MEDIA_TYPE, ProblemSchema } from '../problem.ts';
import type { PROBLEM_RESPONSES } from './problem-responses.ts';

/** A header that the response has, always unless it says otherwise. */
export interface ResponseHeader {
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly optional?: true;
}
type Headers = Readonly<Record<string, ResponseHeader>>;

/** A JSON response with an example. */
export function json<T extends TSchema>(
  schema: T,
  description: string,
  example: Static<T>,
  headers?: Headers,
) {
  return { description, content: { 'application/json': { schema, example } }, ...(headers && { headers }) };
}

/** What ends a stream that fails after its first event. */
const StreamErrorSchema = Type.Object(
  { error: ApiErrorSchema },
  { description: 'The last event but `[DONE]` of a stream that failed.', ...component('StreamError') },
);

/** What the events of a stream hold: JSON of the schema. */
export interface EventForm<T extends TSchema> {
  readonly schema: T;
  readonly examples: readonly Static<T>[];
}

/** The same as JSON, or as server-sent events where the request asks for a stream. */
export function jsonOrEvents<T extends TSchema, E extends TSchema>(
  schema: T,
  description: string,
  example: Static<T>,
  event: EventForm<E>,
) {
  const whole = json(schema, description, example);
  const lines = [...event.examples.map((item) => JSON.stringify(item)), '[DONE]'];
  const events = {
    schema: Type.Unsafe<FastifyReply>({
      type: 'string',
      description:
        'Events `data: {...}`, and at last `data: [DONE]`; a failure is `data: {"error": {...}}` in front of it.',
    }),
    example: lines.map((line) => `data: ${line}\n\n`).join(''),
    'x-itemSchema': eventSchema(event.schema),
  };
  return { ...whole, content: { ...whole.content, 'text/event-stream': events } };
}

/** An event as `itemSchema` of OpenAPI 3.2 describes it. */
const eventSchema = (data: TSchema) =>
  Type.Object({
    data: Type.Union([
      Type.Unsafe<string>({
        type: 'string',
        contentMediaType: 'application/json',
        contentSchema: Type.Union([data, StreamErrorSchema]),
      }),
      Type.Literal('[DONE]'),
    ]),
  });

/** A response without a body. */
export const empty = (description: string, headers?: Headers) =>
  Type.Null({ description, ...(headers && { headers }) });

/** What {@link raw} needs to know beside the media type. */
export interface RawForm {
  readonly description: string;
  /** Bytes when left out. */
  readonly schema?: TSchema;
  readonly example?: unknown;
  readonly headers?: Headers;
}

/** A response that is sent as it is, without a serialiser. */
export function raw<T extends string>(mediaType: T, form: RawForm) {
  const { description, schema = { type: 'string', format: 'binary' }, example, headers } = form;
  const media = {
    schema: Type.Unsafe<string | FastifyReply>(schema),
    ...(example !== undefined && { example }),
  };
  return { description, content: { [mediaType]: media }, ...(headers && { headers }) };
}

const problemResponse = {
  content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemSchema } },
};

/**
 * The problem responses of an operation; 400 (unknown query parameters), 406 and 500 belong to every one. The document
 * adds those that are sent before a request reaches its operation.
 */
export function problems<S extends keyof typeof PROBLEM_RESPONSES>(...statuses: S[]) {
  const all = [400, ...statuses, 406, 500] as const;
  return Object.fromEntries(all.map((status) => [status, problemResponse])) as Record<
    S | 400 | 406 | 500,
    typeof problemResponse
  >;
}
