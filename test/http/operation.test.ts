import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BASE_MODEL } from './fakes.ts';
import { startApp } from './harness.ts';

describe('models', () => {
  it('are the base model and every task', async (t) => {
    const { inject, store } = await startApp(t);
    for (const name of ['b', 'a']) await inject({ method: 'PUT', url: `/v1/tasks/${name}`, payload: {} });
    store.listTasks = () => assert.fail('only the names are needed');
    const base = {
      id: BASE_MODEL,
      object: 'model',
      created: 1_700_000_000,
      owned_by: 'softprompt',
      root: BASE_MODEL,
    };
    assert.deepEqual((await inject({ url: '/v1/models' })).json(), {
      object: 'list',
      data: [
        { ...base, parent: null },
        { ...base, id: 'a', parent: BASE_MODEL },
        { ...base, id: 'b', parent: BASE_MODEL },
      ],
    });
  });

  it('are more than one read of the store gives', async (t) => {
    const { inject, store } = await startApp(t);
    const metadata = { description: null, template: null, labels: null, defaults: null };
    const names = Array.from({ length: 2001 }, (_, i) => `task-${`${i}`.padStart(4, '0')}`);
    for (const name of names) await store.putTask(name, metadata);
    const { data } = (await inject({ url: '/v1/models' })).json();
    assert.deepEqual(
      data.map(({ id }: { id: string }) => id),
      [BASE_MODEL, ...names],
    );
  });

  it('are shown by id, with a version or without', async (t) => {
    const { inject } = await startApp(t);
    const headers = { 'content-type': 'application/octet-stream' };
    await inject({ method: 'POST', url: '/v1/tasks/mood/prompts', headers, payload: Buffer.from('abc') });
    for (const id of [BASE_MODEL, 'mood', 'mood@1']) {
      assert.equal((await inject({ url: `/v1/models/${id}` })).json().id, id);
    }
    for (const id of ['nobody', 'mood@2', `${BASE_MODEL}@1`]) {
      assert.equal((await inject({ url: `/v1/models/${id}` })).json().error.code, 'model_not_found');
    }
    assert.equal((await inject({ url: '/v1/models/mood@x' })).statusCode, 400);
  });
});

describe('health', () => {
  it('is live always and ready only when ready', async (t) => {
    const test = await startApp(t);
    for (const [phase, status] of [
      ['loading', 503],
      ['ready', 200],
      ['draining', 503],
    ] as const) {
      test.phase = phase;
      assert.equal((await test.inject({ url: '/health/live' })).statusCode, 200);
      const ready = await test.inject({ url: '/health/ready' });
      assert.equal(ready.statusCode, status);
      assert.equal(ready.headers['retry-after'], status === 503 ? '5' : undefined);
    }
  });
});

describe('info', () => {
  it('says what is served and under which limits', async (t) => {
    const { inject } = await startApp(t);
    await inject({ method: 'PUT', url: '/v1/tasks/mood', payload: {} });
    const { version, status, model, device, limits, tasks } = (await inject({ url: '/info' })).json();
    assert.deepEqual(
      [version, status, model.id, model.token_dim, device, tasks],
      ['1.2.3', 'ready', BASE_MODEL, 4, 'cpu', 1],
    );
    assert.deepEqual(limits, {
      context_length: 64,
      max_batch_size: 4,
      max_queue_length: 8,
      body_bytes: 65_536,
      upload_bytes: 4096,
      concurrent_uploads: 2,
    });
  });
});

describe('documentation', () => {
  it('is served at /docs and /openapi.json, without anything from elsewhere', async (t) => {
    const { inject, app } = await startApp(t);
    const page = await inject({ url: '/docs', headers: { accept: 'text/html' } });
    assert.equal(page.statusCode, 200);
    assert.match(String(page.headers['content-security-policy']), /^default-src 'self';/);
    assert.doesNotMatch(page.body, /https?:\/\//);
    assert.equal((await inject({ url: '/docs/static/swagger-ui-bundle.js' })).statusCode, 200);
    assert.deepEqual(
      (await inject({ url: '/openapi.json' })).json(),
      JSON.parse(JSON.stringify(app.swagger())),
    );
  });
});
