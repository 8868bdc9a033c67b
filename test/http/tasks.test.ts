import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BASE_MODEL } from './fakes.ts';
import { startApp } from './harness.ts';

const url = '/v1/tasks/mood';
const metadata = {
  description: 'Mood of a text',
  template: '{text}\nMood:',
  labels: [' good', ' bad'],
  defaults: { max_tokens: 3, temperature: 0, stop: ['\n'], seed: 7 },
};

describe('tasks', () => {
  it('are created, replaced, shown and deleted', async (t) => {
    const { inject } = await startApp(t);
    const created = await inject({ method: 'PUT', url, payload: metadata });
    assert.equal(created.statusCode, 201);
    assert.equal(created.headers.location, url);
    const body = {
      object: 'task',
      name: 'mood',
      ...metadata,
      active_version: null,
      serving: null,
      created_at: 1_700_000_000,
      updated_at: 1_700_000_000,
    };
    assert.deepEqual(created.json(), body);
    assert.deepEqual((await inject({ url })).json(), body);
    const replaced = await inject({ method: 'PUT', url, payload: { labels: null } });
    assert.equal(replaced.statusCode, 200);
    assert.deepEqual(replaced.json(), {
      ...body,
      description: null,
      template: null,
      labels: null,
      defaults: null,
    });
    const deleted = await inject({ method: 'DELETE', url });
    assert.deepEqual([deleted.statusCode, deleted.body], [204, '']);
    assert.equal((await inject({ url })).statusCode, 404);
    assert.equal((await inject({ method: 'DELETE', url })).statusCode, 404);
  });

  it('show the active version and keep it when they are replaced', async (t) => {
    const { inject } = await startApp(t);
    const headers = { 'content-type': 'application/octet-stream' };
    await inject({ method: 'POST', url: `${url}/prompts`, headers, payload: Buffer.from('abc') });
    assert.equal((await inject({ url })).json().active_version, 1);
    assert.equal((await inject({ method: 'PUT', url, payload: {} })).json().active_version, 1);
  });

  it('drop defaults that are null', async (t) => {
    const { inject, store } = await startApp(t);
    const payload = { defaults: { top_k: 5, top_p: null, stop: null } };
    await inject({ method: 'PUT', url, payload });
    assert.deepEqual(store.getTask('mood')?.defaults, { top_k: 5 });
  });

  it('are listed by name, in pages', async (t) => {
    const { inject } = await startApp(t);
    for (const name of ['c', 'a', 'b'])
      await inject({ method: 'PUT', url: `/v1/tasks/${name}`, payload: {} });
    const names: string[] = [];
    let query = '?limit=2';
    for (let pages = 0; query !== '' && pages < 5; pages += 1) {
      const page = (await inject({ url: `/v1/tasks${query}` })).json();
      names.push(...page.data.map(({ name }: { name: string }) => name));
      assert.equal(page.has_more, page.next !== null);
      query = page.next === null ? '' : `?limit=2&after=${page.next}`;
    }
    assert.deepEqual(names, ['a', 'b', 'c']);
    assert.equal((await inject({ url: '/v1/tasks' })).json().data.length, 3);
  });

  it('refuse metadata that breaks a rule', async (t) => {
    const { inject, store } = await startApp(t);
    const cases: [unknown, string | undefined][] = [
      [{ template: 'no slot' }, 'template'],
      [{ template: '{text} {text}' }, 'template'],
      [{ labels: [] }, 'labels'],
      [{ labels: ['one'] }, 'labels'],
      [{ labels: ['a', 'a'] }, 'labels'],
      [{ labels: ['a', ''] }, 'labels.1'],
      [{ defaults: { model: 'x' } }, 'defaults.model'],
      [{ defaults: { temperature: 'hot' } }, 'defaults.temperature'],
      [{ defaults: { max_tokens: 0 } }, 'defaults.max_tokens'],
      [{ name: 'other' }, 'name'],
      [[], undefined],
      ['text', undefined],
    ];
    for (const [payload, param] of cases) {
      const headers = { 'content-type': 'application/json' };
      const response = await inject({ method: 'PUT', url, headers, payload: JSON.stringify(payload) });
      assert.deepEqual([response.statusCode, response.json().param], [400, param], JSON.stringify(payload));
    }
    assert.equal(store.countTasks(), 0);
  });

  it('refuse labels that are too long together', async (t) => {
    const { inject, store } = await startApp(t, { bodyBytes: 2 ** 20 });
    const labels = Array.from({ length: 64 }, (_, i) => `${i}`.padEnd(1024));
    const put = (given: readonly string[]) => inject({ method: 'PUT', url, payload: { labels: given } });
    const { statusCode, json } = await put([...labels, 'x']);
    const { error, param, given } = json();
    assert.deepEqual(
      [statusCode, error.code, param, given, store.countTasks()],
      [422, 'labels_too_long', 'labels', 65_537, 0],
    );
    assert.equal((await put(labels)).statusCode, 201);
  });

  it('refuse a label that comes twice, with both places', async (t) => {
    const { inject } = await startApp(t);
    const labels = [' good', ' bad', ' so-so', ' bad'];
    const inputs = ['x'];
    for (const request of [
      { method: 'PUT' as const, url, payload: { labels } },
      { method: 'POST' as const, url: `${url}/classify`, payload: { inputs, labels } },
    ]) {
      const response = await inject(request);
      const { error, param, detail } = response.json();
      assert.deepEqual([response.statusCode, error.code, param], [400, 'duplicate_label', 'labels']);
      assert.match(detail, /" bad".* at 1 and at 3/);
    }
  });

  it('refuse defaults that leave no place for an input', async (t) => {
    const { inject, store, engine } = await startApp(t);
    const { contextLength } = engine.limits;
    const put = (max_tokens: number) => inject({ method: 'PUT', url, payload: { defaults: { max_tokens } } });
    const refused = await put(contextLength);
    const { error, param, detail } = refused.json();
    assert.deepEqual([refused.statusCode, error.code], [422, 'context_length_exceeded']);
    assert.equal(param, 'defaults.max_tokens');
    assert.match(detail, /\b64\b.*\b63\b/);
    assert.equal(store.countTasks(), 0);
    assert.equal((await put(contextLength - 1)).statusCode, 201);
  });

  it("refuse the base model's id as their name", async (t) => {
    const { inject, store } = await startApp(t);
    const response = await inject({ method: 'PUT', url: `/v1/tasks/${BASE_MODEL}`, payload: metadata });
    const { error, given } = response.json();
    assert.deepEqual([response.statusCode, error.code, given], [409, 'task_name_reserved', BASE_MODEL]);
    assert.equal(store.countTasks(), 0);
  });

  it('refuse names that are none', async (t) => {
    const { inject } = await startApp(t);
    for (const name of ['Mood', '.mood', 'a%20b', 'a'.repeat(65), '%C3%A4', 'a@1', '..%2Fx']) {
      const response = await inject({ method: 'PUT', url: `/v1/tasks/${name}`, payload: {} });
      assert.deepEqual([response.statusCode, response.json().param], [400, 'task'], name);
    }
  });
});
