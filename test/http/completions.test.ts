import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import type { CompletionRequest } from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { startApp } from './harness.ts';

const url = '/v1/completions';

describe('POST /v1/completions', () => {
  it("answers in OpenAI's form", async (t) => {
    const { inject } = await startApp(t);
    const response = await inject({ method: 'POST', url, payload: { model: 'mood', prompt: 'Hi' } });
    assert.equal(response.statusCode, 200);
    const { id, created, ...body } = response.json();
    assert.match(id, /^cmpl-[0-9a-f-]{36}$/);
    assert.ok(Math.abs(created - Date.now() / 1000) < 60);
    assert.deepEqual(body, {
      object: 'text_completion',
      model: 'mood@1',
      choices: [{ index: 0, text: ' one two 😀', finish_reason: 'stop', logprobs: null }],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 3,
        total_tokens: 8,
        prompt_tokens_details: { virtual_tokens: 2 },
      },
    });
  });

  it('takes every form of prompt', async (t) => {
    const { inject, inference } = await startApp(t);
    const cases = [
      ['text', ['text']],
      ['', ['']],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      [[5, 6], [[5, 6]]],
      [
        [[5], [6, 7]],
        [[5], [6, 7]],
      ],
    ];
    for (const [prompt, prompts] of cases) {
      const response = await inject({ method: 'POST', url, payload: { model: 'm', prompt } });
      assert.equal(response.statusCode, 200);
      assert.equal(response.json().choices.length, prompts?.length);
      assert.deepEqual((inference.requests.at(-1) as CompletionRequest).prompts, prompts);
    }
  });

  it('hands every field to inference, and null counts as left out', async (t) => {
    const { inject, inference } = await startApp(t);
    const fields = {
      model: 'mood@2',
      max_tokens: 0,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      repetition_penalty: 1.1,
      presence_penalty: -1,
      frequency_penalty: 2,
      stop: ['\n', 'END'],
      seed: -7,
      n: 2,
      ignore_eos: true,
      service_tier: 'flex',
      user: 'someone',
    };
    const all = { ...fields, prompt: 'x', logprobs: 0, echo: true, stream: false, return_token_ids: false };
    assert.equal((await inject({ method: 'POST', url, payload: all })).statusCode, 200);
    assert.deepEqual(inference.requests[0], {
      ...fields,
      prompts: ['x'],
      logprobs: 0,
      echo: true,
      caller: ANYONE,
    });

    const nulls = Object.fromEntries(Object.keys(all).map((name) => [name, null]));
    const payload = { ...nulls, model: 'm', prompt: 'x' };
    assert.equal((await inject({ method: 'POST', url, payload })).statusCode, 200);
    const undefinedFields = Object.fromEntries(Object.keys(fields).map((name) => [name, undefined]));
    assert.deepEqual(inference.requests[1], {
      ...undefinedFields,
      model: 'm',
      prompts: ['x'],
      logprobs: null,
      echo: false,
      caller: ANYONE,
    });
  });

  it('reports log-probabilities in parallel lists, offsets in code points', async (t) => {
    const { inject } = await startApp(t);
    const payload = { model: 'm', prompt: 'x', logprobs: 2 };
    const [choice] = (await inject({ method: 'POST', url, payload })).json().choices;
    assert.deepEqual(choice.logprobs, {
      tokens: [' one', ' two', ' 😀'],
      token_logprobs: [-0.25, -0.25, -0.25],
      top_logprobs: [' one', ' two', ' 😀'].map((token) => ({ [token]: -0.25, 'bytes:\\xf0\\x9f': -2 })),
      text_offset: [0, 4, 8],
    });
    const none = (await inject({ method: 'POST', url, payload: { ...payload, logprobs: 0 } })).json();
    assert.deepEqual(none.choices[0].logprobs.top_logprobs[0], { ' one': -0.25 });
  });

  it('adds token ids on request', async (t) => {
    const { inject } = await startApp(t);
    const payload = { model: 'm', prompt: ['x', 'y'], return_token_ids: true };
    const { choices } = (await inject({ method: 'POST', url, payload })).json();
    assert.deepEqual(
      choices.map((choice: { token_ids: number[] }) => choice.token_ids),
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    );
  });

  it('refuses fields that break a rule, and names them', async (t) => {
    const { inject, inference } = await startApp(t);
    const good = { model: 'm', prompt: 'x' };
    const cases: [object, string, string][] = [
      [{ prompt: 'x' }, 'missing_field', 'model'],
      [{ model: 'm' }, 'missing_field', 'prompt'],
      [{ ...good, best_of: 2 }, 'unknown_field', 'best_of'],
      [{ ...good, model: '' }, 'invalid_field', 'model'],
      [{ ...good, prompt: 5 }, 'invalid_field', 'prompt'],
      [{ ...good, prompt: [] }, 'invalid_field', 'prompt'],
      [{ ...good, prompt: ['a', 1] }, 'invalid_field', 'prompt'],
      [{ ...good, prompt: [-1] }, 'invalid_field', 'prompt'],
      [{ ...good, max_tokens: '5' }, 'invalid_field', 'max_tokens'],
      [{ ...good, max_tokens: 1.5 }, 'invalid_field', 'max_tokens'],
      [{ ...good, max_tokens: -1 }, 'invalid_field', 'max_tokens'],
      [{ ...good, temperature: -0.1 }, 'invalid_field', 'temperature'],
      [{ ...good, top_p: 0 }, 'invalid_field', 'top_p'],
      [{ ...good, top_k: -1 }, 'invalid_field', 'top_k'],
      [{ ...good, repetition_penalty: 0 }, 'invalid_field', 'repetition_penalty'],
      [{ ...good, presence_penalty: 2.1 }, 'invalid_field', 'presence_penalty'],
      [{ ...good, stop: ['a', 'b', 'c', 'd', 'e'] }, 'invalid_field', 'stop'],
      [{ ...good, stop: '' }, 'invalid_field', 'stop'],
      [{ ...good, seed: 2 ** 60 }, 'invalid_field', 'seed'],
      [{ ...good, n: 0 }, 'invalid_field', 'n'],
      [{ ...good, logprobs: 21 }, 'invalid_field', 'logprobs'],
      [{ ...good, logprobs: true }, 'invalid_field', 'logprobs'],
      [{ ...good, echo: 1 }, 'invalid_field', 'echo'],
      [{ ...good, stream: true, stream_options: { x: 1 } }, 'unknown_field', 'stream_options.x'],
      [
        { ...good, stream_options: { include_usage: true } },
        'stream_options_without_stream',
        'stream_options',
      ],
    ];
    for (const [payload, code, param] of cases) {
      const response = await inject({ method: 'POST', url, payload });
      assert.equal(response.statusCode, 400, JSON.stringify(payload));
      const problem = response.json();
      assert.deepEqual([problem.error.code, problem.param, problem.error.param], [code, param, param]);
    }
    assert.equal(inference.requests.length, 0);
  });

  it('says what was expected and given, without echoing long texts', async (t) => {
    const { inject } = await startApp(t);
    const refuse = async (payload: object) => (await inject({ method: 'POST', url, payload })).json();
    const number = await refuse({ model: 'm', prompt: 'x', temperature: 101 });
    assert.deepEqual([number.expected, number.given], ['<= 100', 101]);
    assert.equal(number.detail, '"temperature" must be <= 100.');
    const text = await refuse({ model: 'm', prompt: 'x', max_tokens: 'secret '.repeat(20) });
    assert.equal(text.given, 'text of 140 characters');
    const prompts = await refuse({ model: 'm', prompt: Array(300).fill('x') });
    assert.deepEqual([prompts.param, prompts.given], ['prompt', 'a list of 300']);
    assert.equal(prompts.detail, '"prompt" must have at most 256 items; it has 300.');
    const lists = await refuse({ model: 'm', prompt: Array(257).fill([1]) });
    assert.equal(lists.detail, '"prompt" must have at most 256 items; it has 257.');
    const field = await refuse({ model: 'm', prompt: 'x', ['secret '.repeat(2000)]: 1 });
    assert.ok(JSON.stringify(field).length < 2000);
  });

  it('passes refusals of inference on with their status, and Retry-After where it makes sense', async (t) => {
    const { inject, inference } = await startApp(t);
    const payload = { model: 'm', prompt: 'x' };
    const cases = [
      ['not_found', 404, 'not_found_error'],
      ['unprocessable', 422, 'invalid_request_error'],
      ['contended', 429, 'rate_limit_error'],
      ['unavailable', 503, 'server_error'],
    ] as const;
    for (const [kind, status, type] of cases) {
      const retryAfter = status === 429 || status === 503 ? { retryAfter: 1.5 } : {};
      inference.refusal = new DomainError(kind, 'some_code', 'It cannot run.', {
        param: 'model',
        expected: 10,
        given: 2n ** 60n,
        ...retryAfter,
      });
      for (const stream of [false, true]) {
        const response = await inject({ method: 'POST', url, payload: { ...payload, stream } });
        assert.equal(response.statusCode, status);
        assert.equal(response.headers['retry-after'], 'retryAfter' in retryAfter ? '2' : undefined);
        const { expected, given, param, error } = response.json();
        assert.deepEqual(
          { expected, given, param },
          { expected: 10, given: String(2n ** 60n), param: 'model' },
        );
        assert.deepEqual(error, { message: 'It cannot run.', type, param: 'model', code: 'some_code' });
      }
    }
  });

  it('hides and logs an unexpected error', async (t) => {
    const { inject, inference, logs } = await startApp(t);
    inference.refusal = new Error('secret path /etc/x');
    const response = await inject({ method: 'POST', url, payload: { model: 'm', prompt: 'x' } });
    assert.equal(response.statusCode, 500);
    assert.ok(!response.body.includes('secret'));
    const line = logs.find(({ msg }) => msg === 'request failed');
    assert.equal(line?.reqId, response.json().request_id);
    assert.match(JSON.stringify(line?.err), /completions\.test/, 'where it came from');
    assert.ok(!JSON.stringify(logs).includes('secret'), 'its message may quote the input');
  });
});
