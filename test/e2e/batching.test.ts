import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, succeeded } from '../support/client.ts';
import { maxDifference, seededRandom } from '../support/numbers.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily, readIndex } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const TOKEN_DIM = 64;
const VOCAB = 384;
const TASKS = 25;
const REQUESTS = 200;
/** Tasks 0 to 13 have random prompts of these lengths; the recorded adapters and the base model follow. */
const RANDOM_LENGTHS = [1, 2, 3, 4, 6, 8, 9, 12, 16, 24, 31, 48, 64, 100];

const family = await readFamily(RECORDINGS, 'llama');
const { labels } = await readIndex(RECORDINGS);

interface TestRequest {
  readonly model: string;
  readonly ids: readonly number[];
  readonly text: string;
  readonly maxTokens: number;
}

interface Result {
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
  readonly logliks: readonly number[];
}

async function createTasks(client: Client): Promise<string[]> {
  const tasks: string[] = [];
  for (const [i, length] of RANDOM_LENGTHS.entries()) {
    const task = `random-${length}`;
    succeeded(await client.uploadTensor(task, randomPrompt(i, length, TOKEN_DIM)), task);
    tasks.push(task);
  }
  for (const { name, config, model, taskId } of family.adapters) {
    const task = name.replaceAll(/[_ ]/g, '-');
    const query = taskId === null ? '' : `?task_id=${taskId}`;
    succeeded(await client.uploadAdapter(task, config, model, query), task);
    tasks.push(task);
  }
  return [...tasks, BASE];
}

/** Requests that differ in task, input and output length; the same for the same seed. */
function drawRequests(models: readonly string[]): TestRequest[] {
  const random = seededRandom(20);
  const integer = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  return Array.from({ length: REQUESTS }, (_, i) => ({
    model: models[i % models.length]!,
    ids: Array.from({ length: integer(1, 40) }, () => integer(5, VOCAB - 1)),
    text: family.base[integer(0, family.base.length - 1)]!.text.slice(0, integer(1, 30)),
    maxTokens: integer(1, 40),
  }));
}

/** Batch work is not refused for its wait: on a busy machine all of this at once is an overload. */
const PATIENT = { service_tier: 'flex' };

async function run(client: Client, { model, ids, text, maxTokens }: TestRequest): Promise<Result> {
  const [choice, logliks] = await Promise.all([
    client.complete({
      model,
      prompt: ids,
      max_tokens: maxTokens,
      temperature: 0,
      ignore_eos: true,
      return_token_ids: true,
      logprobs: 0,
      ...PATIENT,
    }),
    client.score(model, text, labels, PATIENT),
  ]);
  const logprobs = choice.logprobs!.token_logprobs.map((logprob) => logprob ?? Number.NaN);
  return { ids: choice.token_ids!, logprobs, logliks };
}

describe('batches of different tasks', () => {
  let service: TestService;
  before(async () => {
    const flags = { maxQueueLength: '1000', maxBatchSize: '16' };
    service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
  });
  after(() => service?.close());

  it(`gives ${REQUESTS} requests over ${TASKS} tasks the same results alone and mixed`, async () => {
    const { client } = service;
    const models = await createTasks(client);
    assert.equal(models.length, TASKS);
    const requests = drawRequests(models);
    const alone: Result[] = [];
    for (const request of requests) alone.push(await run(client, request));
    const distinct = new Set(alone.map(({ ids }) => ids.join()));
    assert.ok(distinct.size > REQUESTS / 2, 'the requests hardly differ in their outputs');

    const before = await client.metric('softprompt_engine_steps_total');
    // All rows are taken for a while, so that the requests meet in the queue and fill whole batches.
    const blocker = client.ok('POST', '/v1/completions', {
      model: BASE,
      prompt: [5],
      n: 64,
      max_tokens: 200,
      ...PATIENT,
    });
    const mixed = await Promise.all(requests.map((request) => run(client, request)));
    await blocker;
    const steps = (await client.metric('softprompt_engine_steps_total')) - before;
    const tokens = requests.reduce((sum, { maxTokens }) => sum + maxTokens, 64 * 200);
    assert.ok(steps < tokens / 4, `${steps} steps for ${tokens} tokens: the requests were not batched`);
    for (const [i, { ids, logprobs, logliks }] of alone.entries()) {
      const label = `request ${i} to ${requests[i]!.model}`;
      assert.equal(ids.length, requests[i]!.maxTokens, label);
      assert.deepEqual(mixed[i]!.ids, ids, label);
      assert.ok(maxDifference(mixed[i]!.logprobs, logprobs) <= 1e-4, `${label}: log-probabilities`);
      assert.ok(maxDifference(mixed[i]!.logliks, logliks) <= 1e-4, `${label}: log-likelihoods`);
    }
  });
});
