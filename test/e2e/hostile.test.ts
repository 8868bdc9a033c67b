import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BadUpload, badUploads } from '../support/bad-uploads.ts';
import { type Answer, type Client, type ProblemBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const MAX_UPLOAD_BYTES = 100_000;
const family = await readFamily(RECORDINGS, 'llama');
const adapter = family.adapters.find(({ name }) => name === 'p_tuning')!;

/** Waits for what happens soon after another event; fails after two seconds. */
async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 2000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited in vain for: ${what}`);
    await sleep(5);
  }
}

function assertProblem(
  { status, headers, body }: Answer<ProblemBody>,
  expected: Pick<BadUpload, 'status' | 'code'>,
) {
  const { status: expectedStatus, code } = expected;
  assert.deepEqual([status, body.error?.code], [expectedStatus, code], JSON.stringify(body));
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(body.status, status);
  assert.ok(body.detail.length > 10);
}

describe('hostile input', () => {
  let service: TestService;
  let client: Client;
  let expected: readonly number[];
  before(async () => {
    const flags = { maxUploadBytes: String(MAX_UPLOAD_BYTES), maxBatchSize: '4' };
    service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
    client = service.client;
    succeeded(await client.uploadAdapter('good', adapter.config, adapter.model), 'upload');
    expected = adapter.cases[0]!.greedy_ids;
  });
  after(() => service?.close());

  const good = () => client.greedy('good', adapter.cases[0]!.text, expected.length);
  const taskNames = async () =>
    (await client.ok<{ data: { name: string }[] }>('GET', '/v1/tasks')).data.map(({ name }) => name);

  for (const upload of badUploads(adapter, MAX_UPLOAD_BYTES)) {
    it(`refuses ${upload.name} and stores nothing`, async () => {
      const [answer, ids] = await Promise.all([upload.send(client, 'bad'), good()]);
      assertProblem(answer, upload);
      assert.deepEqual(ids, expected);
      assert.deepEqual(await taskNames(), ['good']);
    });
  }

  it('refuses bad requests with the field at fault', async () => {
    const complete = { model: 'good', prompt: 'x', max_tokens: 1 };
    const cases: readonly (readonly [string, unknown, number, string])[] = [
      ['/v1/completions', { ...complete, model: 'nobody' }, 404, 'model'],
      ['/v1/completions', { ...complete, model: 'good@7' }, 404, 'model'],
      ['/v1/completions', { ...complete, temprature: 1 }, 400, 'temprature'],
      ['/v1/completions', { ...complete, temperature: -1 }, 400, 'temperature'],
      ['/v1/completions', { ...complete, max_tokens: 252 }, 422, 'max_tokens'],
      ['/v1/completions', { ...complete, prompt: [384] }, 400, 'prompt'],
      ['/v1/completions', { ...complete, stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'stop'],
      ['/v1/chat/completions', { model: 'good', messages: [] }, 400, 'messages'],
      ['/v1/tasks/good/classify', { inputs: ['x'] }, 422, 'labels'],
      ['/v1/tasks/good/score', { inputs: [{ text: 'x', target: '' }] }, 400, 'inputs.0.target'],
    ];
    for (const [path, body, status, param] of cases) {
      const answer = await client.request<ProblemBody>('POST', path, body);
      assert.equal(answer.status, status, `${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
      assert.equal(answer.body.param, param, `${path} ${JSON.stringify(body)}`);
    }
    assert.deepEqual(await good(), expected);
  });

  it('says the numbers when the context overflows', async () => {
    const answer = await client.request<ProblemBody>('POST', '/v1/completions', {
      model: 'good',
      prompt: [5, 6, 7],
      max_tokens: 249,
    });
    assertProblem(answer, { status: 422, code: 'context_length_exceeded' });
    for (const number of ['256', '5', '3', '249'])
      assert.match(answer.body.detail, new RegExp(`\\b${number}\\b`));
  });

  it('refuses a body that is not UTF-8', async () => {
    const response = await fetch(`${service.url}/tokenize`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.concat([Buffer.from('{"text":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}')]),
    });
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  });

  it('takes uploads again after clients that left in the middle of one', async () => {
    const { hostname, port } = new URL(service.url);
    for (let i = 0; i < 12; i++) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(
        'POST /v1/tasks/left/prompts HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n' +
          'Content-Length: 50000\r\n\r\n',
      );
      socket.write(Buffer.alloc(1000));
      await sleep(5);
      socket.destroy();
    }
    await eventually('a free upload slot', async () => {
      const { status } = await client.uploadTensor('good', randomPrompt(1, 4, 64), '?activate=false');
      return status === 201 || status === 200;
    });
    assert.deepEqual(await taskNames(), ['good']);
  });

  it('frees the rows of clients that leave a stream', async () => {
    const rows = 64;
    const maxTokens = 240;
    const generated = () => client.metric('softprompt_engine_generated_tokens_total');
    const before = await generated();
    const controller = new AbortController();
    const response = await fetch(`${service.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'good',
        prompt: 'x',
        n: rows,
        max_tokens: maxTokens,
        ignore_eos: true,
        stream: true,
      }),
      signal: controller.signal,
    });
    await response.body!.getReader().read();
    assert.ok((await client.metric('softprompt_engine_running')) > 0);
    controller.abort();
    await eventually('no running row', async () => (await client.metric('softprompt_engine_running')) === 0);
    assert.ok((await generated()) - before < rows * maxTokens, 'the rows ran to their end');
    assert.equal(await client.metric('softprompt_engine_kv_cache_bytes'), 0);
    assert.deepEqual(await good(), expected);
  });
});
