import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RECORDINGS, type RecordedFamily, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

interface Problem {
  readonly error: { readonly code: string; readonly param: string; readonly message: string };
}

interface Completion {
  readonly choices: readonly { readonly text: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

describe('an encoder-decoder model over HTTP', () => {
  const model = 't5-tiny';
  let family: RecordedFamily;
  let service: TestService;
  before(async () => {
    family = await readFamily(RECORDINGS, 't5');
    service = await startTestService({ source: family.modelDirectory, name: model });
  });
  after(() => service?.close());

  const complete = (fields: object) =>
    service.client.request<Completion & Problem>('POST', '/v1/completions', {
      model,
      temperature: 0,
      ignore_eos: true,
      max_tokens: 4,
      ...fields,
    });

  it('begins a text of its own, which does not go on with the input', async () => {
    const { text, greedy_ids: ids } = family.base[0]!;
    const { choices, usage } = (await complete({ prompt: text })).body;
    const alone = await service.client.ok<{ text: string }>('POST', '/detokenize', {
      ids: ids.slice(0, 4),
    });
    assert.equal(choices[0]!.text, alone.text);
    assert.equal(usage.completion_tokens, 4);
    assert.equal(usage.prompt_tokens, family.base[0]!.input_ids.length);
  });

  it('echoes the input as it was written, without the end that the tokenizer put behind it', async () => {
    const { text } = family.base[0]!;
    const plain = (await complete({ prompt: text })).body.choices[0]!.text;
    const echoed = (await complete({ prompt: text, echo: true })).body.choices[0]!.text;
    assert.equal(echoed, `${text}${plain}`);
  });

  it('has no log-probabilities of its input', async () => {
    const { status, body } = await complete({ prompt: 'The room', echo: true, logprobs: 2 });
    assert.equal(status, 422);
    assert.deepEqual([body.error.code, body.error.param], ['echo_logprobs_unsupported', 'logprobs']);
  });

  it('counts input and output by themselves', async () => {
    const { limits } = await service.client.ok<{ limits: { context_length: number } }>('GET', '/info');
    const most = limits.context_length;
    assert.equal((await complete({ prompt: Array(most).fill(5), max_tokens: 1 })).status, 200);
    assert.equal((await complete({ prompt: [5, 6], max_tokens: most })).status, 200);
    for (const [fields, given] of [
      [{ prompt: Array(most + 1).fill(5), max_tokens: 1 }, `${most + 1} input tokens`],
      [{ prompt: [5, 6], max_tokens: most + 1 }, `Output tokens = ${most + 1}`],
    ] as const) {
      const { status, body } = await complete(fields);
      assert.equal(status, 422);
      assert.equal(body.error.code, 'context_length_exceeded');
      assert.ok(body.error.message.includes(given), body.error.message);
    }
  });

  it('refuses a chat, for which the model has no template', async () => {
    const { status } = await service.client.request('POST', '/v1/chat/completions', {
      model,
      messages: [{ role: 'user', content: 'hello' }],
    });
    assert.equal(status, 422);
  });
});
