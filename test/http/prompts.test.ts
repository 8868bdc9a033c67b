import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { startApp } from './harness.ts';

const base = '/v1/tasks/mood/prompts';
const etag = (content: string) => `"${createHash('sha256').update(content).digest('hex')}"`;

/** An app whose task has the versions "one" (1), "two" (2) and "three" (3), of which 3 is active. */
async function withVersions(t: TestContext) {
  const test = await startApp(t);
  for (const content of ['one', 'two', 'three']) {
    const headers = { 'content-type': 'application/octet-stream' };
    await test.inject({ method: 'POST', url: base, headers, payload: Buffer.from(content) });
  }
  return test;
}

describe('prompt versions', () => {
  it('are listed newest first, in pages', async (t) => {
    const { inject } = await withVersions(t);
    const page = (await inject({ url: `${base}?limit=2` })).json();
    assert.deepEqual(
      page.data.map((prompt: { version: number; active: boolean }) => [prompt.version, prompt.active]),
      [
        [3, true],
        [2, false],
      ],
    );
    assert.deepEqual([page.object, page.has_more, page.next], ['list', true, '2']);
    const rest = (await inject({ url: `${base}?limit=2&after=${page.next}` })).json();
    assert.deepEqual([rest.data.length, rest.has_more, rest.next], [1, false, null]);
    for (const query of ['limit=0', 'limit=101', 'limit=2.5', 'limit=two', 'after=x', 'page=2']) {
      assert.equal((await inject({ url: `${base}?${query}` })).statusCode, 400, query);
    }
  });

  it('are shown one by one', async (t) => {
    const { inject } = await withVersions(t);
    const response = await inject({ url: `${base}/1` });
    const { version, active, bytes } = response.json();
    assert.equal(response.headers.etag, etag('one'));
    assert.deepEqual([version, active, bytes], [1, false, 3]);
  });

  it('are downloaded as PEFT saves them', async (t) => {
    const { inject } = await withVersions(t);
    const model = await inject({ url: `${base}/2/adapter_model.safetensors` });
    assert.equal(model.body, 'two');
    assert.equal(model.headers.etag, etag('two'));
    assert.equal(model.headers['content-type'], 'application/octet-stream');
    const config = await inject({ url: `${base}/2/adapter_config.json` });
    const keys = Object.keys(config.json());
    assert.ok(keys.length > 5);
    assert.deepEqual(keys, [...keys].sort());
    assert.equal(config.body, JSON.stringify(config.json(), null, 2), 'no line break at the end, as PEFT');
    assert.match(config.body, /^\{\n {2}"base_model_name_or_path": "someone\/base-model",\n/);
    assert.equal(config.headers.etag, etag(config.body));
  });

  it('are not sent again to a client that holds them', async (t) => {
    const { inject } = await withVersions(t);
    for (const file of ['adapter_model.safetensors', 'adapter_config.json']) {
      const url = `${base}/2/${file}`;
      const held = String((await inject({ url })).headers.etag);
      for (const tags of [held, `W/${held}`, `"other", ${held}`, '*']) {
        const response = await inject({ url, headers: { 'if-none-match': tags } });
        assert.deepEqual([response.statusCode, response.body, response.headers.etag], [304, '', held], tags);
      }
      const other = await inject({ url, headers: { 'if-none-match': '"other"' } });
      assert.equal(other.statusCode, 200);
      assert.equal((await inject({ url, headers: { 'if-none-match': 'unquoted' } })).statusCode, 400);
    }
  });

  it('are activated', async (t) => {
    const { inject, store } = await withVersions(t);
    const headers = { 'content-type': 'application/json' };
    const response = await inject({ method: 'POST', url: `${base}/1/activate`, headers });
    assert.deepEqual([response.statusCode, response.json().version, response.json().active], [200, 1, true]);
    assert.equal(response.headers.etag, etag('one'));
    assert.equal(store.getTask('mood')?.activeVersion, 1);
  });

  it('are activated under If-Match only when it names the active version', async (t) => {
    const { inject, store } = await withVersions(t);
    const activate = (version: number, ifMatch: string) =>
      inject({ method: 'POST', url: `${base}/${version}/activate`, headers: { 'if-match': ifMatch } });
    for (const tags of [etag('one'), `W/${etag('three')}`, '"other"']) {
      const response = await activate(2, tags);
      assert.deepEqual(
        [response.statusCode, response.json().error.code],
        [412, 'active_version_changed'],
        tags,
      );
      assert.equal(store.getTask('mood')?.activeVersion, 3);
    }
    assert.equal((await activate(2, 'unquoted')).statusCode, 400);
    assert.equal((await activate(2, etag('three'))).statusCode, 200);
    assert.equal((await activate(1, `"other", ${etag('two')}`)).statusCode, 200);
    assert.equal((await activate(3, '*')).statusCode, 200);
  });

  it('cannot match when no version is active', async (t) => {
    const { inject } = await startApp(t);
    const headers = { 'content-type': 'application/octet-stream' };
    await inject({ method: 'POST', url: `${base}?activate=false`, headers, payload: Buffer.from('one') });
    const response = await inject({
      method: 'POST',
      url: `${base}/1/activate`,
      headers: { 'if-match': '*' },
    });
    assert.equal(response.statusCode, 412);
  });

  it('are deleted, but not while active', async (t) => {
    const { inject, store } = await withVersions(t);
    const active = await inject({ method: 'DELETE', url: `${base}/3` });
    assert.deepEqual([active.statusCode, active.json().error.code], [409, 'version_active']);
    assert.equal((await inject({ method: 'DELETE', url: `${base}/1` })).statusCode, 204);
    assert.deepEqual(
      store.versions.map(({ version }) => version),
      [2, 3],
    );
  });

  it('answer 404 where there is none, and 400 for a version that is no number', async (t) => {
    const { inject } = await withVersions(t);
    const paths = ['', '/adapter_config.json', '/adapter_model.safetensors'];
    for (const path of paths) {
      const missing = await inject({ url: `${base}/9${path}` });
      assert.deepEqual([missing.statusCode, missing.json().error.code], [404, 'version_not_found']);
      const nobody = await inject({ url: `/v1/tasks/nobody/prompts/1${path}` });
      assert.deepEqual([nobody.statusCode, nobody.json().error.code], [404, 'task_not_found']);
      for (const version of ['0', '-1', 'x', '1.0', '01', '001', '+1', '1e0', '99999999999999999999']) {
        const bad = await inject({ url: `${base}/${version}${path}` });
        assert.deepEqual([bad.statusCode, bad.json().param], [400, 'version'], version);
      }
    }
    assert.equal((await inject({ url: '/v1/tasks/nobody/prompts' })).statusCode, 404);
    assert.equal((await inject({ method: 'DELETE', url: `${base}/9` })).statusCode, 404);
    assert.equal((await inject({ method: 'POST', url: `${base}/9/activate` })).statusCode, 404);
  });

  it('report a missing file as a fault of the server', async (t) => {
    const { inject, store } = await withVersions(t);
    store.files.clear();
    assert.equal((await inject({ url: `${base}/1/adapter_model.safetensors` })).statusCode, 500);
  });
});
