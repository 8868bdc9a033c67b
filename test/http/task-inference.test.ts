import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { startApp } from './harness.ts';

const usage = {
  prompt_tokens: 7,
  completion_tokens: 2,
  total_tokens: 9,
  prompt_tokens_details: { virtual_tokens: 2 },
};

describe('classify', () => {
  const url = '/v1/tasks/mood/classify';

  it('gives a label and probabilities for each input', async (t) => {
    const { inject, inference } = await startApp(t);
    const response = await inject({
      method: 'POST',
      url,
      payload: { inputs: ['x', 'y'], labels: ['p', 'q'], version: 3, service_tier: 'flex', user: 'me' },
    });
    const result = { label: 'p', probabilities: { p: 0.5, q: 0.5 } };
    assert.deepEqual(response.json(), { results: [result, result], model: 'mood@1', usage });
    assert.deepEqual(inference.requests[0], {
      task: 'mood',
      versions: [3],
      inputs: ['x', 'y'],
      labels: ['p', 'q'],
      tier: 'flex',
      user: 'me',
      caller: ANYONE,
    });
    await inject({ method: 'POST', url, payload: { inputs: ['x'] } });
    assert.deepEqual(inference.requests[1], {
      task: 'mood',
      versions: null,
      inputs: ['x'],
      labels: null,
      tier: undefined,
      user: undefined,
      caller: ANYONE,
    });
  });

  it("takes the base model's id", async (t) => {
    const { inject, inference } = await startApp(t);
    const payload = { inputs: ['x'], labels: ['p', 'q'] };
    const response = await inject({ method: 'POST', url: '/v1/tasks/Org%2FModel-1B/classify', payload });
    assert.equal(response.statusCode, 200);
    assert.equal('task' in inference.requests[0]! && inference.requests[0].task, 'Org/Model-1B');
  });

  it('refuses labels that are too long together', async (t) => {
    const { inject, inference } = await startApp(t, { bodyBytes: 2 ** 20 });
    const labels = Array.from({ length: 65 }, (_, i) => `${i}`.padEnd(1024));
    const response = await inject({ method: 'POST', url, payload: { inputs: ['x'], labels } });
    assert.deepEqual([response.statusCode, response.json().error.code], [422, 'labels_too_long']);
    assert.equal(inference.requests.length, 0);
  });

  it('refuses fields that break a rule', async (t) => {
    const { inject } = await startApp(t);
    const cases: [object, string][] = [
      [{}, 'inputs'],
      [{ inputs: 'x' }, 'inputs'],
      [{ inputs: [] }, 'inputs'],
      [{ inputs: [5] }, 'inputs.0'],
      [{ inputs: Array(257).fill('x') }, 'inputs'],
      [{ inputs: ['x'], labels: ['p'] }, 'labels'],
      [{ inputs: ['x'], labels: ['p', 'p'] }, 'labels'],
      [{ inputs: ['x'], version: 0 }, 'version'],
      [{ inputs: ['x'], text: 'x' }, 'text'],
    ];
    for (const [payload, param] of cases) {
      const response = await inject({ method: 'POST', url, payload });
      assert.deepEqual([response.statusCode, response.json().param], [400, param], JSON.stringify(payload));
    }
  });
});

describe('score', () => {
  const url = '/v1/tasks/mood/score';

  it('gives the log-likelihood of each target', async (t) => {
    const { inject } = await startApp(t);
    const response = await inject({
      method: 'POST',
      url,
      payload: { inputs: [{ text: '', target: 'abc' }] },
    });
    const body = response.json();
    assert.deepEqual(body.results, [{ loglik: -1.5, tokens: 3 }]);
    assert.equal(body.usage.total_tokens, 10);
  });

  it('refuses fields that break a rule, and passes refusals on', async (t) => {
    const { inject, inference } = await startApp(t);
    for (const [inputs, param] of [
      [[{ text: 'x' }], 'inputs.0.target'],
      [[{ text: 'x', target: '' }], 'inputs.0.target'],
      [[{ text: 'x', target: 'y', label: 'z' }], 'inputs.0.label'],
    ] as const) {
      const response = await inject({ method: 'POST', url, payload: { inputs } });
      assert.deepEqual([response.statusCode, response.json().param], [400, param]);
    }
    inference.refusal = new DomainError('not_found', 'model_not_found', 'There is no such task.', {
      param: 'task',
    });
    const payload = { inputs: [{ text: 'x', target: 'y' }] };
    assert.equal((await inject({ method: 'POST', url, payload })).statusCode, 404);
  });
});

describe('tokens', () => {
  it('are made from text, with special tokens unless told otherwise', async (t) => {
    const { inject } = await startApp(t);
    const tokenize = (payload: object) => inject({ method: 'POST', url: '/tokenize', payload });
    assert.deepEqual((await tokenize({ text: 'ab' })).json(), {
      ids: [1, 97, 98],
      tokens: ['<1>', '<97>', '<98>'],
      count: 3,
    });
    assert.deepEqual((await tokenize({ text: 'ab', add_special_tokens: false })).json().ids, [97, 98]);
    assert.equal((await tokenize({ text: 5 })).statusCode, 400);
  });

  it('are turned back into text', async (t) => {
    const { inject } = await startApp(t);
    const detokenize = (payload: object) => inject({ method: 'POST', url: '/detokenize', payload });
    assert.deepEqual((await detokenize({ ids: [97, 98] })).json(), { text: 'ab' });
    assert.equal((await detokenize({ ids: [300] })).json().error.code, 'token_out_of_range');
    for (const ids of [[-1], [1.5], ['a'], 'ab']) assert.equal((await detokenize({ ids })).statusCode, 400);
  });
});
