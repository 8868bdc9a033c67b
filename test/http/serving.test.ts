import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { DomainError } from '../../src/domain/errors.ts';
import type { InferenceCall } from '../../src/http/plugins/inference-call.ts';
import { answerHooks } from '../../src/http/streaming/answer-hooks.ts';
import { startApp } from './harness.ts';

const path = '/v1/tasks/mood/serving';
const single = (version: number) => ({ type: 'version', version, shadow: null });
const split = {
  type: 'split',
  shares: [
    { version: 1, weight: 0.9 },
    { version: 2, weight: 0.1 },
  ],
  shadow: 3,
};

/** An app whose task has three versions, of which the last is active. */
async function withVersions(t: TestContext) {
  const { inject, inference } = await startApp(t);
  for (const content of ['one', 'two', 'three']) {
    const headers = { 'content-type': 'application/octet-stream' };
    await inject({ method: 'POST', url: '/v1/tasks/mood/prompts', headers, payload: Buffer.from(content) });
  }
  const put = (payload: object, headers = {}) => inject({ method: 'PUT', url: path, payload, headers });
  const get = async () => (await inject({ url: path })).json();
  return { inject, inference, put, get };
}

describe('what a task serves with', () => {
  it('is shown, replaced, promoted and rolled back', async (t) => {
    const { inject, put, get } = await withVersions(t);
    const first = await get();
    assert.deepEqual([first.plan, first.previous, first.shadow], [single(3), single(2), null]);

    const set = await put(split);
    assert.equal(set.statusCode, 200, set.body);
    assert.deepEqual([set.json().plan, set.json().previous], [split, single(3)]);
    assert.deepEqual(set.json().shadow, { version: 3, same: 3, different: 1, failed: 0, skipped: 0 });
    assert.deepEqual((await get()).plan, split);
    const task = (await inject({ url: '/v1/tasks/mood' })).json();
    assert.deepEqual([task.serving, task.active_version], [split, 1]);

    const promoted = await inject({ method: 'POST', url: '/v1/tasks/mood/promote', payload: { version: 2 } });
    assert.deepEqual([promoted.json().plan, promoted.json().previous], [single(2), split]);
    const back = await inject({ method: 'POST', url: '/v1/tasks/mood/rollback' });
    assert.deepEqual([back.json().plan, back.json().previous], [split, single(3)]);
  });

  it('is changed only from the plan that If-Match names', async (t) => {
    const { inject, put, get } = await withVersions(t);
    const seen = (await inject({ url: path })).headers.etag;
    const ensemble = { type: 'ensemble', versions: [1, 2] };
    const changed = await put(ensemble, { 'if-match': seen });
    assert.equal(changed.statusCode, 200, changed.body);
    assert.notEqual(changed.headers.etag, seen);
    const late = await put(split, { 'if-match': seen });
    assert.equal(late.statusCode, 412, late.body);
    assert.equal(late.json().error.code, 'serving_changed');
    const back = (etag: unknown) =>
      inject({ method: 'POST', url: '/v1/tasks/mood/rollback', headers: { 'if-match': `${etag}` } });
    const stale = await back(seen);
    assert.equal(stale.statusCode, 412, stale.body);
    assert.equal(stale.json().error.code, 'serving_changed');
    const again = await put({ ...ensemble, shadow: null }, { 'if-match': changed.headers.etag });
    assert.equal(again.headers.etag, changed.headers.etag);
    assert.deepEqual((await get()).plan, { ...ensemble, shadow: null });
    assert.deepEqual((await back(again.headers.etag)).json().plan, single(3));
  });

  const refusals: [string, object, number, string][] = [
    ['a type that there is not', { type: 'all', version: 1 }, 400, 'invalid_field'],
    ['fields of another type', { type: 'ensemble', version: 1 }, 400, 'invalid_serving_plan'],
    ['fields of two types', { type: 'version', version: 1, versions: [1, 2] }, 400, 'invalid_serving_plan'],
    ['an ensemble of one', { type: 'ensemble', versions: [1] }, 400, 'invalid_field'],
    [
      'an ensemble of nine',
      { type: 'ensemble', versions: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      400,
      'invalid_field',
    ],
    ['a version twice', { type: 'ensemble', versions: [1, 1] }, 422, 'invalid_serving_plan'],
    ['a shadow that answers', { type: 'version', version: 1, shadow: 1 }, 422, 'invalid_serving_plan'],
    [
      'weights that do not add up',
      { ...split, shares: split.shares.map((share) => ({ ...share, weight: 0.4 })) },
      422,
      'invalid_serving_plan',
    ],
    [
      'a weight of 0',
      {
        ...split,
        shares: [
          { version: 1, weight: 0 },
          { version: 2, weight: 1 },
        ],
      },
      400,
      'invalid_field',
    ],
    ['a version that does not exist', { type: 'ensemble', versions: [1, 7] }, 404, 'version_not_found'],
  ];
  for (const [name, plan, status, code] of refusals) {
    it(`is not changed by ${name}`, async (t) => {
      const { put, get } = await withVersions(t);
      const refused = await put(plan);
      assert.equal(refused.statusCode, status, refused.body);
      assert.equal(refused.json().error.code, code);
      assert.deepEqual((await get()).plan, single(3));
    });
  }

  it('has nothing to go back to at first', async (t) => {
    const { inject } = await startApp(t);
    await inject({ method: 'PUT', url: '/v1/tasks/mood', payload: {} });
    const refused = await inject({ method: 'POST', url: '/v1/tasks/mood/rollback' });
    assert.equal(refused.statusCode, 409, refused.body);
    assert.equal(refused.json().error.code, 'nothing_to_roll_back');
    const { plan, versions } = (await inject({ url: path })).json();
    assert.deepEqual([plan, versions], [null, []]);
  });
});

describe('answers of several versions', () => {
  it('classify and score take versions, and say who answered', async (t) => {
    const { inject } = await withVersions(t);
    const ask = (payload: object, what = 'classify') =>
      inject({ method: 'POST', url: `/v1/tasks/mood/${what}`, payload });
    const { results, model } = (await ask({ inputs: ['x'], labels: ['a', 'b'], versions: [1, 2] })).json();
    assert.deepEqual(results[0], {
      label: 'a',
      probabilities: { a: 0.5, b: 0.5 },
      agreement: 1,
      votes: { a: 2 },
    });
    assert.equal(typeof model, 'string');
    const alone = (await ask({ inputs: ['x'], labels: ['a', 'b'], version: 1 })).json();
    assert.deepEqual(Object.keys(alone.results[0]), ['label', 'probabilities']);
    for (const [payload, code] of [
      [{ version: 1, versions: [1, 2] }, 'ambiguous_version'],
      [{ versions: [2, 2] }, 'duplicate_version'],
    ] as const) {
      for (const [what, inputs] of [
        ['classify', ['x']],
        ['score', [{ text: 'x', target: 'y' }]],
      ] as const) {
        const refused = await ask({ ...payload, inputs }, what);
        assert.equal(refused.statusCode, 400, refused.body);
        assert.equal(refused.json().error.code, code);
      }
    }
  });
});

it('refusals of a version are its errors, whatever was asked', async (t) => {
  const { inject, inference, put, get } = await withVersions(t);
  await put({ type: 'version', version: 1 });
  inference.refusal = new DomainError('internal', 'not_finite', 'The prompt gives no numbers.');
  const asked: [string, object][] = [
    ['/v1/tasks/mood/classify', { inputs: ['x'], labels: ['a', 'b'] }],
    ['/v1/tasks/mood/score', { inputs: [{ text: 'x', target: 'y' }] }],
    ['/v1/completions', { model: 'mood', prompt: 'x' }],
    ['/v1/chat/completions', { model: 'mood', messages: [{ role: 'user', content: 'x' }] }],
  ];
  for (const [i, [url, payload]] of asked.entries()) {
    const refused = await inject({ method: 'POST', url, payload });
    assert.equal(refused.statusCode, 500, refused.body);
    const [{ requests, errors }] = (await get()).versions;
    assert.deepEqual([requests, errors], [i + 1, i + 1], url);
  }
});

describe('what follows an answer', () => {
  it('waits until the answer is there', async (t) => {
    const { inject, inference } = await withVersions(t);
    const order: string[] = [];
    const { classify } = inference;
    inference.classify = async (request, signal) => {
      request.afterAnswer!(() => order.push('after'));
      await turn();
      order.push('answer');
      return classify.call(inference, request, signal);
    };
    const payload = { inputs: ['x'], labels: ['a', 'b'] };
    await inject({ method: 'POST', url: '/v1/tasks/mood/classify', payload });
    await turn();
    assert.deepEqual(order, ['answer', 'after']);
  });

  it('is left out when the client left before', async () => {
    const left = new Writable({ write: () => undefined });
    const raw = left as FastifyReply['raw'];
    let done = 0;
    answerHooks({} as InferenceCall, { raw } as FastifyReply).afterAnswer!(() => done++);
    left.destroy();
    await turn();
    assert.equal(done, 0);
  });
});
