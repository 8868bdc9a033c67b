import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { startApp } from './harness.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { example?: unknown }> }>;
}

interface Document {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

describe('the OpenAPI document', () => {
  it('is the committed one', async (t) => {
    const { app } = await startApp(t);
    const { info, ...document } = JSON.parse(JSON.stringify(app.swagger())) as Document;
    const text = await readFile(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
    const { info: committedInfo, ...committed } = JSON.parse(text) as Document;
    assert.deepEqual(document, committed, 'run: node --import tsx scripts/openapi.ts');
    assert.deepEqual({ ...info, version: '' }, { ...committedInfo, version: '' });
    assert.match(document.openapi, /^3\.1\./);
  });

  it('describes every operation in full', async (t) => {
    const { app } = await startApp(t);
    const { paths } = app.swagger() as unknown as Document;
    const ids = new Set<string>();
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const name = `${method} ${path}`;
        assert.ok(operation.summary && operation.tags?.length === 1 && operation.operationId, name);
        assert.ok(!ids.has(operation.operationId), `${name} shares its id`);
        ids.add(operation.operationId);
        assert.ok('500' in operation.responses && '406' in operation.responses, name);
        for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
          assert.notEqual(description, 'Default Response', `${name} ${status}`);
          const json = content['application/json'];
          if (json && !path.endsWith('adapter_config.json')) assert.ok(json.example, `${name} ${status}`);
          if (Number(status) >= 400)
            assert.deepEqual(Object.keys(content), ['application/problem+json'], name);
        }
        const body = operation.requestBody?.content['application/json'];
        if (body) assert.ok(body.example, `${name} has no example of its body`);
      }
    }
    assert.equal(ids.size, 40);
  });

  it('names its components and resolves every reference', async (t) => {
    const { app } = await startApp(t);
    const document = app.swagger() as unknown as Document;
    const references = new Set(JSON.stringify(document).match(/"#\/components\/schemas\/[^"]+"/g));
    const names = Object.keys(document.components.schemas);
    assert.deepEqual(
      [...references].map((reference) => reference.slice('"#/components/schemas/'.length, -1)).sort(),
      names.sort(),
    );
    assert.ok(names.includes('Problem'));
  });
});
