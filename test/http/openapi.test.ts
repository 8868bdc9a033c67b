import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DOCUMENT, type Media, type Response, resolve, type Schema } from '../support/contract/document.ts';
import { OPERATIONS, type Operation } from '../support/contract/operations.ts';
import { responseFaults } from '../support/contract/responses.ts';
import { faultsOf } from '../support/contract/schemas.ts';
import { eventsOf } from '../support/sse.ts';
import { startApp } from './harness.ts';

const nameOf = ({ method, template }: Operation) => `${method} ${template}`;

/** Every response of every operation. */
const RESPONSES = OPERATIONS.flatMap((operation) =>
  Object.entries(operation.responses).map(([status, response]) => ({
    operation,
    name: `${nameOf(operation)} ${status}`,
    status: Number(status),
    response: resolve<Response>(response),
  })),
);

/** Every value in the document that a test picks, with its path. */
function* walk(value: unknown, path = ''): Generator<{ value: Record<string, unknown>; path: string }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield { value: value as Record<string, unknown>, path };
  for (const [key, item] of Object.entries(value)) if (key !== 'example') yield* walk(item, `${path}/${key}`);
}

describe('the OpenAPI document', () => {
  it('is the committed one', async (t) => {
    const { app } = await startApp(t);
    const { info, ...document } = JSON.parse(JSON.stringify(app.swagger()));
    const { info: committedInfo, ...committed } = DOCUMENT;
    assert.deepEqual(document, committed, 'run: npm run openapi');
    assert.deepEqual({ ...info, version: '' }, { ...committedInfo, version: '' });
    assert.match(document.openapi, /^3\.1\./);
  });

  it('describes every operation in full', () => {
    const ids = OPERATIONS.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, 48, 'each operation has an id of its own');
    for (const operation of OPERATIONS) {
      const { summary, tags, operationId, requestBody, parameters = [], responses } = operation;
      assert.ok(summary && tags.length === 1 && operationId, nameOf(operation));
      for (const status of ['400', '406', '408', '431', '500'])
        assert.ok(status in responses, `${nameOf(operation)} ${status}`);
      assert.equal('414' in responses, operation.template.includes('{'), `${nameOf(operation)} 414`);
      for (const parameter of parameters)
        assert.ok('description' in parameter, `${nameOf(operation)} ${parameter.name}`);
      for (const [type, media] of Object.entries(requestBody?.content ?? {}))
        assert.ok(
          media.example !== undefined || type === 'application/octet-stream',
          `${nameOf(operation)} ${type}`,
        );
    }
  });

  it('describes every response with its id, a body of one kind, and an example', () => {
    for (const { name, status, response } of RESPONSES) {
      assert.notEqual(response.description, 'Default Response', name);
      assert.ok(response.headers?.['x-request-id'], `${name} has no x-request-id`);
      const content = response.content ?? {};
      if (status >= 400) assert.deepEqual(Object.keys(content), ['application/problem+json'], name);
      for (const [type, { example }] of Object.entries(content))
        assert.ok(example !== undefined || type === 'application/octet-stream', `${name} ${type}`);
    }
  });

  it('has examples that fit their schemas', () => {
    const fits = (name: string, { schema, example }: Media) =>
      assert.deepEqual(faultsOf(schema, example), [], name);
    for (const operation of OPERATIONS) {
      const body = operation.requestBody?.content['application/json'];
      if (body) fits(`${nameOf(operation)} request`, body);
    }
    for (const { operation, name, status, response } of RESPONSES) {
      for (const [type, { example }] of Object.entries(response.content ?? {})) {
        if (example === undefined) continue;
        const headers = new Map(Object.keys(response.headers ?? {}).map((header) => [header, 'x']));
        headers.set('content-type', type);
        const body = type.endsWith('json') ? JSON.stringify(example) : String(example);
        const header = (key: string) => headers.get(key);
        const url = operation.template.replaceAll(/\{[^}]+\}/g, 'x');
        assert.deepEqual(responseFaults({ method: operation.method, url, status, header, body }), [], name);
        if (type.endsWith('problem+json')) assert.equal((example as { status: number }).status, status, name);
        if (type === 'text/event-stream') assert.equal(eventsOf(body).at(-1), '[DONE]', name);
      }
    }
  });

  it('names its objects, each once, and resolves every reference', () => {
    const names = Object.keys(DOCUMENT.components.schemas);
    for (const name of names) assert.match(name, /^([A-Z][a-z]+)+$/);
    const references = new Set<string>();
    for (const { value, path } of walk(DOCUMENT)) {
      if (typeof value.$ref === 'string') references.add(value.$ref);
      const isObject = [(value as Schema).type].flat().includes('object') && 'properties' in value;
      const named = /^\/components\/schemas\/[^/]+$/.test(path) || path.endsWith('/x-itemSchema');
      assert.ok(!isObject || named, `an object without a name: ${path}`);
    }
    for (const reference of references)
      assert.ok(resolve({ $ref: reference }) !== undefined, `nothing at ${reference}`);
    for (const name of names) assert.ok(references.has(`#/components/schemas/${name}`), `${name} is unused`);
  });

  it('closes every object of a request', () => {
    for (const operation of OPERATIONS) {
      const schema = operation.requestBody?.content['application/json']?.schema;
      if (schema) assert.equal(resolve(schema).additionalProperties, false, nameOf(operation));
    }
  });
});
