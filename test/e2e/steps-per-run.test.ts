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

/** Ways to choose tokens; the last ones need single steps, and so does all that runs beside them. */
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
const SINGLE: readonly Readonly<Record<string, unknown>>[] = [
  { temperature: 0, logprobs: 2 },
  { temperature: 1, repetition_penalty: 1.3, seed: 5 },
  { temperature: 1, presence_penalty: 1, seed: 6 },
];

/** Answers to all ways at once, then to those beside the single ones, and the steps that the first took. */
async function answersOf(stepsPerRun: number) {
  const flags = { stepsPerRun: `${stepsPerRun}`, maxBatchSize: '6', inputCacheBytes: '0' };
  const service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
  try {
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
    const all = async (ways: typeof WAYS): Promise<CompletionBody['choices']> => {
      const answers = [BASE, TASK].flatMap((model) => ways.map((way, index) => complete(model, way, index)));
      return (await Promise.all(answers)).flatMap(({ choices }) => choices);
    };
    const choices = await all(WAYS);
    const steps = await client.metric('softprompt_engine_steps_total');
    const mixed = (await all([...WAYS, ...SINGLE])).map(({ logprobs: _, ...choice }) => choice);
    return { choices, steps, mixed };
  } finally {
    await service.close();
  }
}

it('several decode steps a run answer what single steps answer, in fewer runs', async () => {
  const single = await answersOf(1);
  const several = await answersOf(STEPS);
  assert.deepEqual(several.choices, single.choices);
  assert.deepEqual(several.mixed, single.mixed);
  assert.ok(single.choices.some(({ finish_reason }) => finish_reason === 'stop'));
  assert.ok(
    several.steps < single.steps / 2,
    `${several.steps} runs of ${STEPS} steps, where ${single.steps} of one were needed`,
  );
});
