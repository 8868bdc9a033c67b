import fc from 'fast-check';
import type { Parameter } from '../document.ts';
import { OPERATIONS, type Operation } from '../operations.ts';
import { type Body, bodyOf, type Files, uncalledFor } from './bodies.ts';
import { JUNK } from './broken.ts';
import { fitting, type Known } from './values.ts';

export interface GeneratedRequest {
  readonly operation: Operation;
  /** Mostly the operation's. */
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** What the service that is asked holds. */
export interface World {
  readonly known: Known;
  readonly files: Files;
  /** JSON bodies by operation id that the service takes, where such as fit the schema alone hardly ever are taken. */
  readonly bodies?: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  /** How often an operation is asked, beside the others; 1 when left out. */
  readonly weights?: Readonly<Record<string, number>>;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const HEADERS = fc.oneof(
  { weight: 10, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Record<string, string>>(
      { accept: '*/*' },
      { accept: 'application/json' },
      { accept: 'text/html' },
      { accept: 'application/json;q=0' },
      { accept: ',;=' },
      { 'x-request-id': 'given.1' },
      { 'x-request-id': 'not good' },
      { authorization: 'Bearer none' },
      { expect: '100-continue' },
    ),
  },
);

/** A request to any operation: most are well-formed, the others broken in one place or two. */
export function requestOf(world: World): fc.Arbitrary<GeneratedRequest> {
  return fc.oneof(
    ...OPERATIONS.map((operation) => ({
      weight: world.weights?.[operation.operationId] ?? 4,
      arbitrary: requestTo(operation, world),
    })),
  );
}

function requestTo(
  operation: Operation,
  { known, files, bodies = {} }: World,
): fc.Arbitrary<GeneratedRequest> {
  const { operationId, parameters = [], requestBody } = operation;
  const method = fc.oneof(
    { weight: 40, arbitrary: fc.constant(operation.method) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  );
  const part = (place: Parameter['in']) => parameters.filter((parameter) => parameter.in === place);
  const body = requestBody
    ? bodyOf(requestBody.content, { known, files, good: bodies[operationId] })
    : uncalledFor;
  return fc
    .tuple(method, pathOf(operation.template, part('path'), known), queryOf(part('query'), known), HEADERS)
    .chain(([asked, path, query, headers]) =>
      fc.tuple(headersOf(part('header'), known), bodyless(asked) ? uncalledFor : body).map(([own, sent]) => ({
        operation,
        method: asked,
        url: `${path}${query}`,
        headers: { ...headers, ...own, ...sent.headers },
        body: sent,
      })),
    );
}

const bodyless = (method: string) => method === 'GET' || method === 'HEAD';

function pathOf(template: string, parameters: readonly Parameter[], known: Known): fc.Arbitrary<string> {
  const values = parameters.map(({ name, schema }) =>
    fc.oneof({ weight: 15, arbitrary: fitting(schema, known, name) }, { weight: 1, arbitrary: JUNK }),
  );
  return fc
    .tuple(...values)
    .map((given) =>
      parameters.reduce(
        (path, { name }, index) => path.replace(`{${name}}`, segment(given[index])),
        template,
      ),
    );
}

/** Percent-encoded. What would be no segment at all, or another one, is something else. */
function segment(value: unknown): string {
  const text = textOf(value);
  return text === '' || text === '.' || text === '..' ? '%20' : encoded(text);
}

function queryOf(parameters: readonly Parameter[], known: Known): fc.Arbitrary<string> {
  const given = parameters.map(({ name, schema }) =>
    fc
      .oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        { weight: 2, arbitrary: fitting(schema, known, name) },
        { weight: 1, arbitrary: JUNK },
      )
      .map((value) => (value === null ? null : `${name}=${encoded(textOf(value))}`)),
  );
  const odd = fc.oneof(
    { weight: 15, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom('surprise=1', '=', '%zz', 'limit=1&limit=2', 'after=') },
  );
  return fc.tuple(...given, odd).map((all) => {
    const pairs = all.filter((pair) => pair !== null);
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  });
}

function headersOf(parameters: readonly Parameter[], known: Known): fc.Arbitrary<Record<string, string>> {
  const values = parameters.map(({ name }) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(null) },
      { weight: 2, arbitrary: known[name]! },
      { weight: 1, arbitrary: fc.constantFrom('*', 'W/"x"', '"x", "y"', '"', 'x', '') },
    ),
  );
  return fc
    .tuple(...values)
    .map((given) =>
      Object.fromEntries(
        given.flatMap((value, index) => (value === null ? [] : [[parameters[index]!.name, textOf(value)]])),
      ),
    );
}

/** Half a character cannot be percent-encoded. */
const encoded = (text: string) => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '?'));

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
