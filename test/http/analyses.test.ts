import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { promptFile } from '../support/prompts.ts';
import { startApp } from './harness.ts';

/** Two tasks with a prompt of two rows each, of the fake's width. */
async function start(t: TestContext, timeouts = {}) {
  const test = await startApp(t, {}, { timeouts });
  const publish = (task: string, rows: readonly number[]) => {
    const model = promptFile(Float32Array.from(rows), rows.length / 4, 4);
    return test.publisher.publish(task, { kind: 'tensor', model }, { activate: true });
  };
  await publish('one', [3, 0, 0, 0, 0, 0, 0, 0]);
  await publish('two', [0, 1, 0, 0, 1, 0, 0, 0]);
  const get = async (url: string) => {
    const { statusCode, body } = await test.inject({ method: 'GET', url });
    return { status: statusCode, body: JSON.parse(body) };
  };
  const post = async (payload: object) => {
    const { statusCode, body } = await test.inject({
      method: 'POST',
      url: '/v1/prompts/transfer-candidates',
      payload,
    });
    return { status: statusCode, body: JSON.parse(body) };
  };
  return { ...test, test, publish, get, post };
}

const NEIGHBORS = '/v1/tasks/one/prompts/1/neighbors';

describe('the analyses of prompts over HTTP', () => {
  it('gives the neighbours of each virtual token with a caution', async (t) => {
    const { get } = await start(t);
    const { status, body } = await get(`${NEIGHBORS}?k=1`);
    assert.equal(status, 200);
    const { caution, ...rest } = body;
    assert.match(caution, /Lester et al\. 2021, section 7.*Khashabi et al\. 2022/);
    assert.deepEqual(rest, {
      object: 'prompt.neighbors',
      task: 'one',
      version: 1,
      k: 1,
      metric: 'cosine',
      median_embedding_norm: 1.5,
      virtual_tokens: [
        { index: 0, norm: 3, norm_ratio: 2, neighbors: [{ id: 0, token: '<0>', cosine: 1 }] },
        { index: 1, norm: 0, norm_ratio: 0, neighbors: [] },
      ],
    });
    assert.equal((await get(NEIGHBORS)).body.k, 5, 'when left out');
  });

  it('gives both similarities as matrices, of versions and of what is active', async (t) => {
    const { get } = await start(t);
    const { status, body } = await get('/v1/prompts/similarity?ids=one,two@1');
    assert.equal(status, 200);
    assert.deepEqual([body.object, body.ids], ['prompt.similarity', ['one@1', 'two@1']]);
    const rounded = (matrix: number[][]) => matrix.map((row) => row.map((x) => Math.round(x * 100) / 100));
    assert.deepEqual(rounded(body.mean), [
      [1, 0.71],
      [0.71, 1],
    ]);
    assert.deepEqual(rounded(body.pairs), [
      [1, 0.5],
      [0.5, 0.5],
    ]);
    assert.equal((await get('/v1/prompts/similarity?ids=one%2Ctwo%401')).status, 200, 'encoded');
  });

  it('lists what a prompt could start from', async (t) => {
    const { post, publish } = await start(t);
    await publish('three', [-1, 0, 0, 0]);
    const { status, body } = await post({ target: 'one@1', measure: 'pairs' });
    assert.equal(status, 200);
    assert.deepEqual(
      [body.object, body.target, body.measure, body.data.map(({ id }: { id: string }) => id)],
      ['list', 'one@1', 'pairs', ['two@1', 'three@1']],
    );
    assert.deepEqual(body.data[1], { id: 'three@1', task: 'three', version: 1, mean: -1, pairs: -1 });
    assert.equal((await post({ target: 'one', limit: 1, measure: null })).body.data.length, 1);
  });

  it('says what is wrong with a request', async (t) => {
    const { get, post } = await start(t);
    const similarity = (ids: string) => get(`/v1/prompts/similarity?ids=${ids}`);
    const cases = [
      [await get(`${NEIGHBORS}?k=0`), 400, 'invalid_field', 'k'],
      [await get(`${NEIGHBORS}?k=51`), 400, 'invalid_field', 'k'],
      [await get(`${NEIGHBORS}?k=x`), 400, 'invalid_field', 'k'],
      [await get('/v1/tasks/one/prompts/2/neighbors'), 404, 'version_not_found', 'version'],
      [await get('/v1/prompts/similarity'), 400, undefined, 'ids'],
      [await similarity(''), 400, 'invalid_field', 'ids'],
      [await similarity('one'), 400, 'prompt_count', 'ids'],
      [await similarity(',,'), 404, 'task_not_found', 'ids'],
      [await similarity('one,one@1'), 400, 'duplicate_prompt', 'ids'],
      [await similarity('one,two@0'), 400, 'invalid_version', 'ids'],
      [await similarity('one,two@1%2B2'), 400, 'several_versions', 'ids'],
      [await similarity('one,two@9'), 404, 'version_not_found', 'ids'],
      [await similarity(Array(51).fill('one').join(',')), 400, 'prompt_count', 'ids'],
      [await similarity('one,'.repeat(1500)), 400, 'invalid_field', 'ids'],
      [await post({}), 400, undefined, 'target'],
      [await post({ target: 'nine' }), 404, 'task_not_found', 'target'],
      [await post({ target: 'one', measure: 'max' }), 400, 'invalid_field', 'measure'],
      [await post({ target: 'one', limit: 0 }), 400, 'invalid_field', 'limit'],
    ] as const;
    for (const [answer, status, code, param] of cases) {
      const text = JSON.stringify(answer.body);
      assert.equal(answer.status, status, text);
      if (code !== undefined) assert.equal(answer.body.error.code, code, text);
      if (param !== undefined) assert.equal(answer.body.param, param, text);
    }
  });

  it('is bounded in time and number, and not done while the service drains', async (t) => {
    const { test, get } = await start(t, { inference: 200 });
    test.slow.endless = true;
    const held = Array.from({ length: 4 }, () => get(NEIGHBORS));
    await new Promise((resolve) => setImmediate(resolve));
    const refused = await get(NEIGHBORS);
    assert.deepEqual([refused.status, refused.body.error.code], [429, 'too_many_analyses']);
    for (const late of await Promise.all(held))
      assert.deepEqual([late.status, late.body.error.code], [503, 'deadline_exceeded']);
    test.slow.endless = false;
    assert.equal((await get(NEIGHBORS)).status, 200, 'the places are free again');
    test.phase = 'draining';
    assert.equal((await get(NEIGHBORS)).status, 503);
  });
});
