import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startService } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { importModel } from '../../src/model/import.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const family = await readFamily(RECORDINGS, 'llama');

const stream = (n: number) =>
  JSON.stringify({ model: BASE, prompt: 'x', n, max_tokens: 200, ignore_eos: true, stream: true });

it('finishes admitted requests, then stops although clients hold connections', async () => {
  const flags = { drainTimeoutMs: '2000' };
  const service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
  const { hostname, port } = new URL(service.url);
  const silent = connect({ host: hostname, port: Number(port) });
  silent.on('error', () => {});
  const unread = connect({ host: hostname, port: Number(port) });
  unread.on('error', () => {});
  await Promise.all([once(silent, 'connect'), once(unread, 'connect')]);
  const body = stream(16);
  unread.write(
    'POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const response = await fetch(`${service.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: stream(1),
  });
  assert.equal(response.status, 200);
  const closed = service.close();
  try {
    const events = (await response.text()).split('\n\n');
    assert.equal(events.at(-2), 'data: [DONE]');
    assert.match(events.at(-3) ?? '', /"finish_reason":"length"/);
    const inTime = await Promise.race([closed.then(() => true), sleep(10_000, false, { ref: false })]);
    assert.ok(inTime, 'the service did not stop in 10 s with a drain timeout of 2 s');
    await assert.rejects(fetch(`${service.url}/health/live`));
  } finally {
    silent.destroy();
    unread.destroy();
    await closed;
  }
});

it('a bundle whose graph is damaged is refused with its directory, and nothing stays open', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'softprompt-damaged-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const model = join(home, 'bundle');
  await importModel({ source: family.modelDirectory, target: model, id: BASE, precision: 'float32' });
  const graph = join(model, 'decoder.onnx');
  await writeFile(graph, Buffer.alloc((await stat(graph)).size, 'x'));
  const config = loadConfig({ model, home, port: '0' }, {});
  await assert.rejects(startService(config, pino({ level: 'silent' })), {
    code: 'model_unloadable',
    param: model,
  });
  // The store was closed: its write-ahead log is gone.
  assert.deepEqual(
    (await readdir(home)).filter((name) => name.includes('wal')),
    [],
  );
});
