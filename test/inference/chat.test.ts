import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatRequest } from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { encode, gather, never, setUp } from './fakes.ts';

const chatTemplate =
  '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}' +
  '{% if add_generation_prompt %}[assistant]{% endif %}';
const tokens = () => encode('a');
const user = { role: 'user', content: 'Hi' };
const request = (fields: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'base',
  messages: [user],
  logprobs: null,
  caller: ANYONE,
  ...fields,
});

describe('chat', () => {
  it('renders the template and adds no special tokens of its own', async () => {
    const { inference, engine } = setUp({ tokens, contextLength: 200 }, { chatTemplate, bos: true });
    const generation = await inference.chat(request({ max_tokens: 2 }), never);
    const [choice] = await gather(generation.events);
    assert.deepEqual(engine.generated[0]!.inputIds, encode('<s>[user]Hi</s>[assistant]'));
    assert.deepEqual([choice!.text, choice!.reason], ['aa', 'length']);
  });

  it('goes on to the end of the context by default', async () => {
    const { inference, engine } = setUp({ tokens, contextLength: 100 }, { chatTemplate });
    await gather((await inference.chat(request({ model: 'reviews' }), never)).events);
    const [{ inputIds, maxTokens, prompt }] = engine.generated as [(typeof engine.generated)[0]];
    assert.equal(prompt!.length + inputIds.length + maxTokens, 100);
  });

  it('goes on by default only as long as the rows of an ensemble fit into memory', async () => {
    const script = { tokens, contextLength: 8192, kvPositions: 24_000 };
    for (const [model, length] of [
      ['reviews', 8192],
      ['reviews@2+3', 8192],
      ['reviews@2+3+4', 5120],
      ['reviews@2+3+4+5+6', 2560],
    ] as const) {
      const { inference, engine } = setUp(script, { chatTemplate, versions: [3, 4, 5, 6] });
      const leaving = new AbortController();
      await inference.chat(request({ model }), leaving.signal);
      leaving.abort();
      const [{ inputIds, maxTokens, prompt }] = engine.generated as [(typeof engine.generated)[0]];
      assert.equal(prompt!.length + inputIds.length + maxTokens, length, model);
    }
  });

  it('goes on by default only as long as its log-probabilities can be reported', async () => {
    const { inference, engine } = setUp({ tokens, contextLength: 100_000 }, { chatTemplate });
    const leaving = new AbortController();
    await inference.chat(request({ n: 2, logprobs: 20 }), leaving.signal);
    leaving.abort();
    assert.equal(engine.generated[0]!.maxTokens, 24_966);
  });

  it("the task's template wraps the last message of the user", async () => {
    const { inference, engine } = setUp({ tokens, contextLength: 200 }, { chatTemplate });
    const messages = [user, { role: 'assistant', content: 'Hey' }, { role: 'user', content: 'fine' }];
    await gather(
      (await inference.chat(request({ model: 'reviews', messages, max_tokens: 1 }), never)).events,
    );
    const text = '<s>[user]Hi</s>[assistant]Hey</s>[user]R: fine S:</s>[assistant]';
    assert.deepEqual(engine.generated[0]!.inputIds, encode(text));
  });

  it('refuses without a chat template, and when the template refuses', async () => {
    const without = setUp({ tokens });
    await assert.rejects(without.inference.chat(request(), never), {
      kind: 'unprocessable',
      code: 'no_chat_template',
    });
    const strict = setUp({ tokens }, { chatTemplate: "{{ raise_exception('no') }}" });
    await assert.rejects(strict.inference.chat(request(), never), { code: 'chat_template_failed' });
  });

  it('refuses a conversation that leaves no room for an answer', async () => {
    const room = encode('<s>[user]Hi</s>[assistant]').length;
    const { inference, engine } = setUp({ tokens, contextLength: room }, { chatTemplate });
    await assert.rejects(inference.chat(request(), never), {
      code: 'context_length_exceeded',
      given: room + 1,
    });
    assert.equal(engine.generated.length, 0);
  });
});
