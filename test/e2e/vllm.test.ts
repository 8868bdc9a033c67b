import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { FakeVllm, sendJson } from '../engine/vllm/fake-vllm.ts';
import type { Client, ProblemBody } from '../support/client.ts';
import { startEmbeddedService } from '../support/embedded-service.ts';
import { keyOf, type VllmRecording } from '../support/vllm-recording.ts';
import { runScenario } from '../support/vllm-scenario.ts';

/** Written by scripts/vllm/record.ts. */
const RECORDING = new URL('../fixtures/vllm/scenario.json', import.meta.url);

describe('a server on vLLM, by a recording of vLLM', () => {
  let recording: VllmRecording;
  let fake: FakeVllm;
  let service: { readonly client: Client; close(): Promise<void> };
  before(async () => {
    recording = JSON.parse(await readFile(RECORDING, 'utf8')) as VllmRecording;
    const answers = new Map(recording.exchanges.map((exchange) => [exchange.key, exchange]));
    fake = await FakeVllm.start((asked, response) => {
      const known = answers.get(keyOf(JSON.stringify(asked)).key);
      if (known === undefined) return sendJson(response, { error: 'was not recorded' }, 404);
      response.writeHead(known.status, { 'content-type': known.type }).end(known.body);
    });
    fake.models = (recording.models as { data: unknown[] }).data;
    service = await startEmbeddedService({ engine: 'vllm', vllmUrl: fake.url });
  });
  after(async () => {
    await service?.close();
    await fake?.kill();
  });

  it('answers everything as it did then', async () => {
    assert.deepEqual(await runScenario(service.client), recording.seen);
  });

  it('says which engine it has', async () => {
    const { engine, status } = await service.client.ok<{ engine: string; status: string }>('GET', '/info');
    assert.deepEqual([engine, status], ['vllm', 'ready']);
    const metrics = await service.client.ok<string>('GET', '/metrics');
    assert.match(metrics, /^softprompt_engine_info\{engine="vllm",device="remote"\} 1$/m);
    assert.match(metrics, /^softprompt_engine_up 1$/m);
  });

  it('refuses by name what vLLM cannot do, with 422', async () => {
    const body = { model: 'style', prompt: 'a', echo: true, logprobs: 1 };
    const { status, body: problem } = await service.client.request<ProblemBody>(
      'POST',
      '/v1/completions',
      body,
    );
    assert.deepEqual([status, problem.error.code, problem.param], [422, 'engine_cannot', 'logprobs']);
  });

  it('learns nothing that vLLM could not serve', async () => {
    const { client } = service;
    const file = await client.uploadFile(
      'rows.jsonl',
      '{"text":"good","label":"up"}\n{"text":"bad","label":"down"}\n',
    );
    const method = {
      type: 'prefix_tuning',
      prefix_tuning: { config: { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 2 } },
    };
    const job = { model: 'embedded-4m', training_file: file, suffix: 'mood', method };
    const { status, body } = await client.request<ProblemBody>('POST', '/v1/fine_tuning/jobs', job);
    assert.deepEqual([status, body.error.code], [422, 'engine_cannot']);
  });

  it('is not ready while vLLM is away, and says 503', async () => {
    await fake.kill();
    const ask = () =>
      service.client.request<ProblemBody>('POST', '/v1/completions', { model: 'style', prompt: 'x' });
    const { status, body } = await ask();
    assert.deepEqual([status, body.error.code], [503, 'engine_lost']);
    for (;;) if ((await service.client.request('GET', '/health/ready')).status === 503) break;
    const later = await ask();
    assert.deepEqual([later.status, later.body.error.code], [503, 'restarting']);
    assert.equal((await service.client.request('GET', '/health/live')).status, 200);
  });
});
