import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type CompletionBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const TOKEN_DIM = 64;
const TASK = 'random';
const STEPS = 5;

const family = await readFamily(RECORDINGS, 'llama');

/** Ways to choose tokens. */
const WAYS: readonly Readonly<Record<string, unknown>>[] = [
  { temperature: 0 },
  { temperature: 0, max_tokens: 1 },
  { temperature: 0, max_tokens: 2, ignore_eos: true },
  { temperature: 1, seed: 1 },
  { temperature: 0.7, top_p: 0.8, seed: 2 },
  { temperature: 1.3, top_k: 7, seed: 3, n: 2 },
  { temperature: 2, top_k: 100, top_p: 0.9, seed: 4 },
  { temperature: 0, stop: ['e'] },
];

it('several decode steps a run answer what single steps answer, in fewer runs', async (t) => {
  const flags = { stepsPerRun: `${STEPS}`, maxBatchSize: '6', inputCacheBytes: '0' };
  const service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
  t.after(() => service.close());
  const { client } = service;
  succeeded(await client.uploadTensor(TASK, randomPrompt(1, 9, TOKEN_DIM)), TASK);
  const complete = (model: string, way: Readonly<Record<string, unknown>>, index: number) =>
    client.ok<CompletionBody>('POST', '/v1/completions', {
      model,
      prompt: Array.from({ length: 1 + 5 * index }, (_, at) => 5 + ((at * 37 + index) % 300)),
      max_tokens: 23,
      return_token_ids: true,
      ...way,
    });
  const choicesOf = async (change: Readonly<Record<string, unknown>>) => {
    const requests = [BASE, TASK].flatMap((model) =>
      WAYS.map((way, index) => complete(model, { ...way, ...change }, index)),
    );
    const choices = (await Promise.all(requests)).flatMap((answer) => answer.choices);
    return choices.map(({ logprobs: _, ...choice }) => choice);
  };
  /** Of one request alone, which chooses a token when it has been read and 20 more. */
  const stepsOf = async (change: Readonly<Record<string, unknown>>): Promise<number> => {
    const before = await client.metric('softprompt_engine_steps_total');
    await complete(BASE, { temperature: 0, ignore_eos: true, max_tokens: 21, ...change }, 1);
    return (await client.metric('softprompt_engine_steps_total')) - before;
  };

  const several = await choicesOf({});
  // Log-probabilities need the logits of every step.
  const single = await choicesOf({ logprobs: 0 });
  assert.deepEqual(several, single);
  assert.ok(single.some(({ finish_reason }) => finish_reason === 'stop'));
  assert.deepEqual([await stepsOf({}), await stepsOf({ logprobs: 0 })], [1 + 20 / STEPS, 1 + 20]);
});
