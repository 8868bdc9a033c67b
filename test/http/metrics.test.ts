import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../src/domain/errors.ts';
import { Scrape } from '../support/scrape.ts';
import { BASE_MODEL } from './fakes.ts';
import { startApp, type TestApp } from './harness.ts';

const completion = { method: 'POST', url: '/v1/completions' } as const;
const ROUTE = { http_request_method: 'POST', http_route: '/v1/completions' };
const HTTP = 'http_server_request_duration_seconds_count';

const scrape = async ({ inject }: TestApp) => new Scrape((await inject({ url: '/metrics' })).body);

async function makeTasks({ inject }: TestApp, ...names: readonly string[]): Promise<void> {
  for (const name of names) await inject({ method: 'PUT', url: `/v1/tasks/${name}`, payload: {} });
}

describe('HTTP metrics', () => {
  it('count every request once, by route and status', async (t) => {
    const test = await startApp(t);
    const { inject } = test;
    const payload = { model: 'm', prompt: 'x' };
    await inject({ ...completion, payload });
    await inject({ ...completion, payload: { ...payload, stream: true } });
    await inject({ ...completion, payload: {} });
    await inject({ url: '/v1/tasks/nobody' });
    await inject({ url: '/somewhere/else' });
    const seen = await scrape(test);
    const status = (code: number) => ({ http_response_status_code: String(code) });
    assert.equal(seen.sum(HTTP, { ...ROUTE, ...status(200) }), 2);
    assert.equal(seen.sum(HTTP, { ...ROUTE, ...status(400) }), 1);
    assert.equal(seen.sum(HTTP, { http_route: '/v1/tasks/:task', ...status(404) }), 1);
    assert.equal(seen.sum(HTTP), 5, 'and one without a route');
    assert.equal(seen.sum('http_server_active_requests'), 1);
    assert.deepEqual(seen.values('softprompt_refusals_total', 'code'), [
      'missing_field',
      'route_not_found',
      'task_not_found',
    ]);
  });

  it('count what the framework refuses, and bytes that are no request', async (t) => {
    const test = await startApp(t);
    const url = new URL(await test.listen());
    for (const line of ['GET /v1/tasks/%zz HTTP/1.1\r\nhost: x', 'GARBAGE']) {
      const socket = connect(Number(url.port), url.hostname);
      socket.end(`${line}\r\nconnection: close\r\n\r\n`).resume();
      await once(socket, 'close');
    }
    const seen = await scrape(test);
    assert.equal(seen.sum(HTTP, { http_response_status_code: '400' }), 1);
    assert.equal(seen.sum('softprompt_refusals_total', { code: 'malformed_url' }), 1);
    assert.equal(seen.sum('softprompt_refusals_total', { code: 'malformed_http' }), 1);
    assert.equal(seen.sum('http_server_active_requests'), 1);
  });

  it('count a client that left as aborted, with the tokens that were made for it', async (t) => {
    const test = await startApp(t);
    await makeTasks(test, 'mood');
    test.inference.endless = ' more';
    const url = await test.listen();
    const leave = new AbortController();
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mood', prompt: 'x', stream: true }),
      signal: leave.signal,
    });
    await response.body!.getReader().read();
    leave.abort();
    await test.inference.stopped;
    await sleep(5);
    const seen = await scrape(test);
    assert.equal(seen.sum(HTTP, { ...ROUTE, error_type: 'aborted' }), 1);
    assert.equal(seen.sum('softprompt_task_requests_total', { task: 'mood', outcome: 'aborted' }), 1);
    assert.equal(
      seen.sum('softprompt_task_tokens_total', { outcome: 'aborted', gen_ai_token_type: 'input' }),
      5,
    );
    assert.equal(seen.sum('gen_ai_server_request_duration_seconds_count', { error_type: 'aborted' }), 1);
    assert.equal(seen.sum('gen_ai_client_token_usage_count'), 0);
    assert.equal(seen.sum('softprompt_refusals_total'), 0);
  });
});

describe('inference metrics', () => {
  it('have tokens and latencies by operation', async (t) => {
    const test = await startApp(t);
    const payload = { model: BASE_MODEL, prompt: 'x' };
    await test.inject({ ...completion, payload });
    await test.inject({ ...completion, payload: { ...payload, stream: true } });
    await test.inject({
      method: 'POST',
      url: `/v1/tasks/${BASE_MODEL}/score`,
      payload: { inputs: [{ text: 'x', target: 'y' }] },
    });
    const seen = await scrape(test);
    const of = (operation: string) => ({
      gen_ai_operation_name: operation,
      gen_ai_provider_name: 'softprompt',
      gen_ai_request_model: BASE_MODEL,
    });
    const tokens = (operation: string, type: string) =>
      seen.sum('gen_ai_client_token_usage_sum', { ...of(operation), gen_ai_token_type: type });
    assert.deepEqual(
      ['input', 'output', 'virtual'].map((type) => tokens('text_completion', type)),
      [10, 6, 4],
    );
    assert.deepEqual(
      ['input', 'output', 'virtual'].map((type) => tokens('score', type)),
      [7, 3, 2],
    );
    assert.equal(seen.sum('gen_ai_server_request_duration_seconds_count', of('score')), 1);
    assert.equal(seen.sum('gen_ai_server_time_to_first_token_seconds_count', of('text_completion')), 2);
    assert.equal(seen.sum('gen_ai_server_time_per_output_token_seconds_count', of('text_completion')), 2);
    assert.equal(seen.sum('softprompt_task_tokens_total', { task: BASE_MODEL, outcome: 'ok' }), 32);
  });

  it('name a failure inside a stream by its code', async (t) => {
    const test = await startApp(t);
    const refusal = new DomainError('unavailable', 'draining', 'Shutting down.', { retryAfter: 1 });
    test.inference.failure = { after: 2, error: refusal };
    await test.inject({ ...completion, payload: { model: BASE_MODEL, prompt: 'x', stream: true } });
    const seen = await scrape(test);
    assert.equal(seen.sum('softprompt_refusals_total', { code: 'draining' }), 1);
    assert.equal(seen.sum('softprompt_task_requests_total', { task: BASE_MODEL, outcome: 'error' }), 1);
    assert.equal(seen.sum('gen_ai_server_request_duration_seconds_count', { error_type: 'draining' }), 1);
  });

  it('bound the series of tasks: beyond the bound they are one, and deleted ones leave', async (t) => {
    const test = await startApp(t, { metricsTasks: 2 });
    await makeTasks(test, 'a', 'b', 'c', 'd');
    const use = (model: string) => test.inject({ ...completion, payload: { model, prompt: 'x' } });
    const tasks = async () => (await scrape(test)).values('softprompt_task_requests_total', 'task');
    for (const model of ['a', 'b@1', 'c', 'd', 'a', 'nobody', 'x"} 1', BASE_MODEL]) await use(model);
    assert.deepEqual(await tasks(), ['_other', '_unknown', 'a', 'b', BASE_MODEL].sort());
    const seen = await scrape(test);
    const requests = (task: string) => seen.sum('softprompt_task_requests_total', { task });
    assert.deepEqual(['a', 'b', '_other', '_unknown'].map(requests), [2, 1, 2, 2]);

    await test.inject({ method: 'DELETE', url: '/v1/tasks/a' });
    assert.deepEqual(await tasks(), ['_other', '_unknown', 'b', BASE_MODEL].sort());
    assert.deepEqual((await scrape(test)).values('softprompt_task_tokens_total', 'task'), [
      '_other',
      '_unknown',
      'b',
      BASE_MODEL,
    ]);
    await use('d');
    assert.ok((await tasks()).includes('d'), 'there is room for another');
  });
});

describe('metrics of the parts', () => {
  it("show the engine's, the store's and the jobs' statistics", async (t) => {
    const seen = await scrape(await startApp(t));
    const expected = {
      softprompt_engine_up: 1,
      softprompt_engine_running: 1,
      softprompt_engine_waiting: 2,
      softprompt_engine_steps_total: 30,
      softprompt_engine_run_seconds_total: 4.25,
      softprompt_engine_kv_cache_bytes: 8000,
      softprompt_engine_prefix_hits_total: 14,
      softprompt_engine_queue_wait_seconds_count: 6,
      softprompt_engine_queue_wait_seconds_sum: 4.5,
      softprompt_engine_decode_rows_count: 15,
      softprompt_store_up: 1,
      softprompt_store_pending_writes: 1,
      softprompt_store_write_duration_seconds_count: 5,
      softprompt_training_jobs: 7,
      softprompt_training_step_seconds: 0.25,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(seen.sum(name), value, name);
    const buckets = seen.samples.filter(({ name }) => name === 'softprompt_engine_queue_wait_seconds_bucket');
    assert.deepEqual(
      buckets.map(({ labels, value }) => [labels.le, value]),
      [
        ['0.1', 3],
        ['1', 5],
        ['+Inf', 6],
      ],
    );
    assert.equal(seen.sum('softprompt_store_size_bytes', { file: 'wal' }), 512);
    assert.equal(seen.sum('softprompt_training_jobs', { status: 'succeeded' }), 3);
    assert.ok(seen.sum('process_resident_memory_bytes') > 0, 'of the process');
  });

  it('stay readable when a part is not', async (t) => {
    const test = await startApp(t);
    test.engine.down = true;
    test.store.stats = () => {
      throw new Error('the disk is gone');
    };
    const seen = await scrape(test);
    assert.equal(seen.sum('softprompt_engine_up'), 0);
    assert.equal(seen.sum('softprompt_store_up'), 0);
    assert.equal(seen.sum('softprompt_training_jobs'), 7);
  });
});
