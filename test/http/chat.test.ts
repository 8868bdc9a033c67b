import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatRequest } from '../../src/domain/inference.ts';
import { startApp } from './harness.ts';

const url = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Hi' }];

describe('POST /v1/chat/completions', () => {
  it("answers in OpenAI's form", async (t) => {
    const { inject } = await startApp(t);
    const response = await inject({ method: 'POST', url, payload: { model: 'mood', messages, n: 2 } });
    assert.equal(response.statusCode, 200);
    const { id, object, model, choices, usage } = response.json();
    assert.match(id, /^chatcmpl-/);
    assert.deepEqual([object, model, usage.total_tokens], ['chat.completion', 'mood@1', 11]);
    const message = { role: 'assistant', content: ' one two 😀', refusal: null };
    assert.deepEqual(
      choices,
      [0, 1].map((index) => ({ index, message, finish_reason: 'stop', logprobs: null })),
    );
  });

  it('takes content as a string or as text parts', async (t) => {
    const { inject, inference } = await startApp(t);
    const parts = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ];
    const payload = {
      model: 'm',
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: parts },
      ],
    };
    assert.equal((await inject({ method: 'POST', url, payload })).statusCode, 200);
    assert.deepEqual((inference.requests[0] as ChatRequest).messages, [
      { role: 'system', content: 's' },
      { role: 'user', content: 'one\ntwo' },
    ]);
  });

  it('takes max_completion_tokens for max_tokens, but not both', async (t) => {
    const { inject, inference } = await startApp(t);
    const payload = { model: 'm', messages, max_completion_tokens: 9 };
    assert.equal((await inject({ method: 'POST', url, payload })).statusCode, 200);
    assert.equal(
      inference.requests[0] && 'max_tokens' in inference.requests[0] && inference.requests[0].max_tokens,
      9,
    );
    const both = await inject({ method: 'POST', url, payload: { ...payload, max_tokens: 9 } });
    assert.deepEqual([both.statusCode, both.json().param], [400, 'max_completion_tokens']);
  });

  it('reports log-probabilities with bytes and alternatives', async (t) => {
    const { inject, inference } = await startApp(t);
    const payload = { model: 'm', messages, logprobs: true, top_logprobs: 2, return_token_ids: true };
    const [choice] = (await inject({ method: 'POST', url, payload })).json().choices;
    assert.deepEqual(choice.token_ids, [0, 1, 2]);
    assert.equal(choice.logprobs.refusal, null);
    assert.deepEqual(choice.logprobs.content[2], {
      token: ' 😀',
      logprob: -0.25,
      bytes: [32, 240, 159, 152, 128],
      top_logprobs: [
        { token: ' 😀', logprob: -0.25, bytes: [32, 240, 159, 152, 128] },
        { token: '', logprob: -2, bytes: [240, 159] },
      ],
    });
    await inject({ method: 'POST', url, payload: { model: 'm', messages, logprobs: true } });
    await inject({ method: 'POST', url, payload: { model: 'm', messages, logprobs: false } });
    assert.deepEqual(
      inference.requests.map((request) => 'logprobs' in request && request.logprobs),
      [2, 0, null],
    );
  });

  it('refuses messages and fields that break a rule', async (t) => {
    const { inject, inference } = await startApp(t);
    const message = (extra: object) => ({ model: 'm', messages: [{ role: 'user', content: 'x', ...extra }] });
    const cases: [object, string][] = [
      [{ model: 'm' }, 'messages'],
      [{ model: 'm', messages: [] }, 'messages'],
      [message({ role: 'tool' }), 'messages.0.role'],
      [message({ content: null }), 'messages.0.content'],
      [message({ content: [{ type: 'image_url', image_url: {} }] }), 'messages.0.content'],
      [message({ name: 'x' }), 'messages.0.name'],
      [{ model: 'm', messages, prompt: 'x' }, 'prompt'],
      [{ model: 'm', messages, max_tokens: 0 }, 'max_tokens'],
      [{ model: 'm', messages, logprobs: 5 }, 'logprobs'],
      [{ model: 'm', messages, top_logprobs: 1 }, 'top_logprobs'],
      [{ model: 'm', messages, logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
    ];
    for (const [payload, param] of cases) {
      const response = await inject({ method: 'POST', url, payload });
      assert.deepEqual([response.statusCode, response.json().param], [400, param], JSON.stringify(payload));
    }
    assert.equal(inference.requests.length, 0);
  });
});
