import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { it, type TestContext } from 'node:test';
import { createMetricsServer } from '../../src/http/metrics-server.ts';

async function listen(t: TestContext, render: () => Promise<string>): Promise<string> {
  const server = createMetricsServer({ render }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a port for scrapes shows the metrics and nothing else', async (t) => {
  const url = await listen(t, async () => 'softprompt_engine_waiting 3\n');
  const page = await fetch(`${url}/metrics`);
  assert.equal(page.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(await page.text(), 'softprompt_engine_waiting 3\n');
  assert.equal((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status, 405);
  for (const path of ['/', '/info', '/v1/tasks', '/metrics/x'])
    assert.equal((await fetch(url + path)).status, 404, path);
});

it('a page that cannot be made ends its connection, and the next one is served', async (t) => {
  const pages = [Promise.reject(new Error('no page')), Promise.resolve('up 1\n')];
  pages[0]!.catch(() => undefined);
  const url = await listen(t, () => pages.shift()!);
  await assert.rejects(fetch(`${url}/metrics`));
  assert.equal(await (await fetch(`${url}/metrics`)).text(), 'up 1\n');
});
