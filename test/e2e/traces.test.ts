import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SECRET = 'a very private text';

interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly traceState?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** Takes OTLP in JSON, as a collector does. */
async function startCollector(): Promise<{ url: string; bodies: string[]; server: Server }> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, server };
}

const spansOf = (bodies: readonly string[]): readonly ReceivedSpan[] =>
  bodies.flatMap((body) =>
    JSON.parse(body).resourceSpans.flatMap((resource: { scopeSpans: { spans: ReceivedSpan[] }[] }) =>
      resource.scopeSpans.flatMap(({ spans }) => spans),
    ),
  );

const attribute = ({ attributes }: ReceivedSpan, key: string): unknown => {
  const found = attributes.find((candidate) => candidate.key === key);
  return found === undefined ? undefined : Object.values(found.value)[0];
};

it('sends the spans of a request, of its way through the engine and of its writes', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.server.close());
  const { modelDirectory, adapters } = await readFamily(RECORDINGS, 'llama');
  const adapter = adapters.find(({ peftType }) => peftType === 'PROMPT_TUNING')!;
  const service = await startTestService({
    source: modelDirectory,
    name: 'tiny',
    flags: { otlpEndpoint: collector.url },
  });
  const headers = {
    'content-type': 'application/json',
    traceparent: `00-${TRACE}-${CALLER}-01`,
    tracestate: 'vendor=1',
  };
  const post = async (path: string, body: unknown, extra: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { ...headers, ...extra }, body: JSON.stringify(body) };
    await (await fetch(`${service.url}${path}`, init)).text();
  };
  try {
    await post('/v1/completions', { model: 'tiny', prompt: SECRET, max_tokens: 4, ignore_eos: true });
    await post('/v1/tasks/tiny/score', { inputs: [{ text: SECRET, target: ' yes' }] });
    await post('/v1/completions', { model: SECRET, prompt: SECRET });
    await post(`/nothing/${SECRET}?q=${SECRET}`, {}, { traceparent: 'broken' });
    assert.equal((await service.client.uploadAdapter('mood', adapter.config, adapter.model)).status, 201);
  } finally {
    // Sends what is left.
    await service.close();
  }
  const spans = spansOf(collector.bodies);
  const childrenOf = (parent: ReceivedSpan) =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
      .sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
  const servers = spans.filter(({ kind }) => kind === 2);
  assert.equal(servers.length, 5, 'one for each request');
  const [completion, refused] = servers.filter(({ name }) => name === 'POST /v1/completions');
  assert.ok(completion && refused, 'both completions');

  assert.deepEqual(
    [completion.traceId, completion.parentSpanId, completion.traceState],
    [TRACE, CALLER, 'vendor=1'],
  );
  assert.equal(attribute(completion, 'http.response.status_code'), 200);
  assert.equal(attribute(completion, 'gen_ai.operation.name'), 'text_completion');
  assert.equal(attribute(completion, 'gen_ai.request.model'), 'tiny');
  assert.equal(attribute(completion, 'gen_ai.usage.output_tokens'), 4);
  assert.equal(attribute(completion, 'error.type'), undefined);
  const parts = childrenOf(completion);
  assert.deepEqual(
    parts.map(({ name }) => name),
    ['queue', 'prefill', 'decode'],
  );
  assert.equal(parts[0]!.endTimeUnixNano, parts[1]!.startTimeUnixNano, 'they follow each other');
  assert.equal(parts[1]!.endTimeUnixNano <= parts[2]!.startTimeUnixNano, true, 'they follow each other');

  assert.equal(attribute(refused, 'error.type'), 'model_not_found');
  assert.equal(attribute(refused, 'gen_ai.request.model'), '_unknown');
  assert.notEqual(refused.status?.code, 2, 'the fault of the client');
  assert.deepEqual(childrenOf(refused), []);

  const score = servers.find(({ name }) => name === 'POST /v1/tasks/:task/score');
  assert.deepEqual(
    childrenOf(score!).map(({ name }) => name),
    ['queue', 'prefill'],
  );
  const lost = servers.find(({ name }) => name === 'POST');
  assert.equal(lost?.parentSpanId, undefined, 'a broken header begins a new trace');

  const upload = servers.find(({ name }) => name === 'POST /v1/tasks/:task/prompts');
  const writes = childrenOf(upload!).filter(({ name }) => name === 'store write');
  assert.ok(
    writes.some((write) => attribute(write, 'db.operation.name') === 'addVersion'),
    'the write of the version',
  );
  assert.ok(!collector.bodies.join().includes('private'), 'no text of a client');
});

it('harms no request when the collector is down', async () => {
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  const service = await startTestService({
    source: modelDirectory,
    name: 'tiny',
    flags: { otlpEndpoint: 'http://127.0.0.1:1' },
  });
  const body = { model: 'tiny', prompt: 'x', max_tokens: 1 };
  for (let i = 0; i < 20; i++) await service.client.ok('POST', '/v1/completions', body);
  const began = performance.now();
  await service.close();
  assert.ok(performance.now() - began < 4000, 'nor the end of the service');
});
