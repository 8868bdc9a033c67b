import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { type ProblemBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

const BASE = 'llama-tiny';

/** A message that the worker cannot handle: it ends of an uncaught error. */
const POISON = { type: 'generate', id: 1, request: null };

it('an engine that ends is replaced: its requests fail, the next are answered as before', async () => {
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  const workers: Worker[] = [];
  const service = await startTestService({
    source: modelDirectory,
    name: BASE,
    onWorker: (worker) => workers.push(worker),
  });
  try {
    const { client, url } = service;
    succeeded(await client.uploadTensor('mood', randomPrompt(1, 8, 64)), 'upload');
    const before = await client.greedy('mood', 'x', 8);
    const completion = { model: BASE, prompt: 'x', max_tokens: 200, ignore_eos: true };
    const stream = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...completion, n: 16, stream: true }),
    });
    assert.equal(stream.status, 200);
    const plain = client.request<ProblemBody>('POST', '/v1/completions', { ...completion, n: 16 });

    while ((await client.metric('softprompt_engine_waiting')) < 16) await sleep(1);
    workers[0]!.postMessage(POISON);
    const events = (await stream.text()).split('\n\n');
    assert.match(events.at(-3)!, /^data: {"error":{.*"code":"engine_restarted"/);
    assert.equal(events.at(-2), 'data: [DONE]');
    const { status, headers, body } = await plain;
    assert.deepEqual([status, body.error.code, headers.get('retry-after')], [503, 'engine_restarted', '5']);

    const notReady = await client.request<ProblemBody>('GET', '/health/ready');
    assert.deepEqual([notReady.status, notReady.body.error.code], [503, 'restarting']);
    const refused = await client.request<ProblemBody>('POST', '/v1/completions', completion);
    assert.deepEqual([refused.status, refused.body.error.code], [503, 'restarting']);
    await client.ok('GET', '/health/live');
    await client.ok('GET', '/v1/tasks/mood');

    while ((await client.request('GET', '/health/ready')).status !== 200) await sleep(5);
    while ((await client.metric('softprompt_engine_prefix_entries')) === 0) await sleep(5);
    assert.deepEqual(await client.greedy('mood', 'x', 8), before);
    assert.equal(await client.metric('softprompt_engine_restarts_total'), 1);
    assert.equal(workers.length, 2);
  } finally {
    await service.close();
  }
});
