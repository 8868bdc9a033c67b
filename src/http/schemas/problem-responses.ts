import type { Header, Response, Schema } from '../openapi/document.ts';
import { PROBLEM_MEDIA_TYPE, ProblemSchema, problemOf, type Refusal } from '../problem.ts';

/** A problem as a response of an operation, under the name that it has among the document's components. */
export interface ProblemResponse {
  readonly name: string;
  readonly response: Response;
}

const RETRY_AFTER = {
  'retry-after': { description: 'Seconds to wait.', required: true, schema: { type: 'integer', minimum: 0 } },
} as const;

type Example = Omit<Refusal, 'status'> & { readonly path?: string };

function problem(
  status: number,
  name: string,
  description: string,
  { path = '/v1/completions', ...example }: Example,
  headers?: Readonly<Record<string, Header>>,
): [number, ProblemResponse] {
  const id = '2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11';
  const document = problemOf({ status, ...example }, { id, url: path });
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: ProblemSchema as object as Schema, example: document } };
  return [status, { name, response: { description, ...(headers && { headers }), content } }];
}

/** Every status of a refusal: the one place where they are described. */
export const PROBLEM_RESPONSES: Readonly<Record<number, ProblemResponse>> = Object.fromEntries([
  problem(400, 'BadRequest', 'The request breaks its schema or a documented rule.', {
    code: 'invalid_field',
    message: '"temperature" must be <= 100.',
    param: 'temperature',
    expected: '<= 100',
    given: 400,
  }),
  problem(
    401,
    'Unauthorized',
    'The server asks for an API key, and none that it knows came.',
    { code: 'invalid_api_key', message: 'The API key is not valid.', param: 'authorization' },
    {
      'www-authenticate': {
        description: 'The scheme to use: `Bearer`.',
        required: true,
        schema: { type: 'string' },
      },
    },
  ),
  problem(403, 'Forbidden', 'The API key does not allow this.', {
    code: 'missing_scope',
    message: 'This needs a key with the scope "write".',
    expected: 'write',
    given: 'infer',
    path: '/v1/tasks/sentiment',
  }),
  problem(404, 'NotFound', 'The task, version, model, file or job does not exist.', {
    code: 'task_not_found',
    message: 'There is no task "sentimant".',
    param: 'task',
    given: 'sentimant',
    path: '/v1/tasks/sentimant',
  }),
  problem(406, 'NotAcceptable', 'The operation cannot answer in a type that `Accept` names.', {
    code: 'not_acceptable',
    message: 'This operation cannot answer in a type that the Accept header names.',
    param: 'accept',
    expected: ['application/json'],
    given: 'text/html',
  }),
  problem(408, 'RequestTimeout', 'The request did not arrive in time; the connection is closed.', {
    code: 'request_timeout',
    message: 'The request did not arrive in time.',
    path: '/',
  }),
  problem(409, 'Conflict', 'The request conflicts with the current state.', {
    code: 'version_active',
    message: 'Version 2 of "sentiment" is active.',
    param: 'version',
    given: 2,
    path: '/v1/tasks/sentiment/prompts/2',
  }),
  problem(412, 'PreconditionFailed', 'Another version is active than the one in `If-Match`.', {
    code: 'active_version_changed',
    message: 'The active version is not one that If-Match names.',
    param: 'if-match',
    expected: '"3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"',
    given: 'no active version',
    path: '/v1/tasks/sentiment/prompts/2/activate',
  }),
  problem(413, 'ContentTooLarge', 'The body is larger than allowed.', {
    code: 'body_too_large',
    message: 'The request body is too large.',
    expected: 'at most 4194304 bytes',
    given: '8388608',
  }),
  problem(414, 'UriTooLong', 'A part of the path is too long.', {
    code: 'url_too_long',
    message: 'A part of the path is too long.',
    path: '/v1/models/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  }),
  problem(
    415,
    'UnsupportedMediaType',
    'The body is of a type that is not taken here; pickle and zip files are never taken.',
    {
      code: 'unsupported_media_type',
      message: 'This operation does not take a body of this type.',
      param: 'content-type',
      expected: 'application/json',
      given: 'application/x-www-form-urlencoded',
    },
  ),
  problem(
    422,
    'UnprocessableContent',
    'Well-formed, but wrong for this model; says what was expected and given.',
    {
      code: 'token_dim_mismatch',
      message: 'The prompt is 768 wide; this model needs 576.',
      param: 'adapter_model',
      expected: 576,
      given: 768,
      path: '/v1/tasks/sentiment/prompts',
    },
  ),
  problem(
    429,
    'TooManyRequests',
    'Too many requests at once; `Retry-After` says when to try again.',
    { code: 'queue_full', message: 'The queue is full.', retryAfter: 1 },
    RETRY_AFTER,
  ),
  problem(431, 'RequestHeaderFieldsTooLarge', 'The headers are too large; the connection is closed.', {
    code: 'headers_too_large',
    message: "The request's headers are too large.",
    path: '/',
  }),
  problem(500, 'InternalServerError', 'A fault of the server.', {
    code: 'internal_error',
    message: 'The server failed to handle this request.',
  }),
  problem(
    503,
    'ServiceUnavailable',
    'No capacity, loading or draining; `Retry-After` says when to try again.',
    { code: 'loading', message: 'The model is being loaded.', retryAfter: 5 },
    RETRY_AFTER,
  ),
  problem(507, 'InsufficientStorage', 'The storage is full; nothing was stored.', {
    code: 'storage_full',
    message: 'There is no space left to store this.',
    path: '/v1/tasks/sentiment/prompts',
  }),
]);
