import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { succeeded } from '../support/client.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const family = await readFamily(RECORDINGS, 'llama');
const adapter = family.adapters.find(({ name }) => name === 'prompt_text')!;

describe("OpenAI's client", () => {
  let service: TestService;
  let openai: OpenAI;
  before(async () => {
    service = await startTestService({ source: family.modelDirectory, name: BASE });
    openai = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
    succeeded(await service.client.uploadAdapter('mood', adapter.config, adapter.model), 'upload');
  });
  after(() => service?.close());

  it('lists and retrieves models', async () => {
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    assert.deepEqual(ids, [BASE, 'mood']);
    assert.equal((await openai.models.retrieve('mood')).object, 'model');
  });

  it('completes one and several prompts', async () => {
    const { text } = adapter.cases[0]!;
    const one = await openai.completions.create({
      model: 'mood',
      prompt: text,
      max_tokens: 8,
      temperature: 0,
    });
    assert.equal(one.model, 'mood@1');
    assert.equal(one.usage?.prompt_tokens, adapter.cases[0]!.input_ids.length);
    const prompts = [text, adapter.cases[1]!.text];
    const several = await openai.completions.create({
      model: 'mood',
      prompt: prompts,
      n: 2,
      max_tokens: 8,
      temperature: 0,
    });
    assert.deepEqual(
      several.choices.map(({ index }) => index),
      [0, 1, 2, 3],
    );
    assert.equal(several.choices[0]!.text, one.choices[0]!.text);
    assert.equal(several.choices[1]!.text, one.choices[0]!.text);
  });

  it('streams the text that it completes, with usage at the end', async () => {
    const request = {
      model: 'mood',
      prompt: adapter.cases[1]!.text,
      max_tokens: 24,
      temperature: 0,
    } as const;
    const whole = await openai.completions.create(request);
    let text = '';
    let finishReason: string | null = null;
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of await openai.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    })) {
      text += chunk.choices[0]?.text ?? '';
      finishReason = chunk.choices[0]?.finish_reason ?? finishReason;
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.choices[0]!.text);
    assert.equal(finishReason, whole.choices[0]!.finish_reason);
    assert.deepEqual(usage, whole.usage);
  });

  it('samples the same text for the same seed and another for another', async () => {
    const request = { model: BASE, prompt: family.base[0]!.text, max_tokens: 24, temperature: 1 } as const;
    const text = async (seed: number) =>
      (await openai.completions.create({ ...request, seed })).choices[0]!.text;
    const [first, again, other] = [await text(1), await text(1), await text(2)];
    assert.equal(again, first);
    assert.notEqual(other, first);
  });

  it('chats, whole and streamed, with log-probabilities', async () => {
    const request = {
      model: 'mood',
      messages: [{ role: 'user', content: 'Turn the lights off' }],
      max_completion_tokens: 12,
      temperature: 0,
    } as const;
    const messages = [...request.messages];
    const whole = await openai.chat.completions.create({
      ...request,
      messages,
      logprobs: true,
      top_logprobs: 3,
    });
    const [choice] = whole.choices;
    assert.equal(choice?.message.role, 'assistant');
    assert.ok(choice.logprobs?.content && choice.logprobs.content.length > 0);
    for (const { logprob, top_logprobs: top } of choice.logprobs.content) {
      assert.equal(top.length, 3);
      assert.equal(top[0]!.logprob, logprob);
    }
    let text = '';
    for await (const chunk of await openai.chat.completions.create({ ...request, messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, choice.message.content);
  });

  it('gets typed errors that say what was wrong', async () => {
    const request = { model: 'mood', prompt: 'x', max_tokens: 1 } as const;
    await assert.rejects(openai.completions.create({ ...request, model: 'nobody' }), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.param, 'model');
      return true;
    });
    await assert.rejects(openai.completions.create({ ...request, best_of: 2 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, /best_of/);
      return true;
    });
    await assert.rejects(openai.completions.create({ ...request, max_tokens: 1000 }), (error) => {
      assert.ok(error instanceof OpenAI.UnprocessableEntityError);
      assert.equal(error.code, 'context_length_exceeded');
      assert.match(error.message, /256/);
      return true;
    });
    await assert.rejects(
      openai.completions.create({ ...request, max_tokens: 1000, stream: true }),
      OpenAI.UnprocessableEntityError,
    );
  });
});
