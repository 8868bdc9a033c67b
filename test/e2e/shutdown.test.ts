import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const family = await readFamily(RECORDINGS, 'llama');

const STREAM = {
  model: BASE,
  prompt: 'x',
  n: 64,
  max_tokens: 240,
  ignore_eos: true,
  stream: true,
};

it('finishes admitted requests, then stops although clients hold connections', async () => {
  const flags = { drainTimeoutMs: '1000' };
  const service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
  const { hostname, port } = new URL(service.url);
  const silent = connect({ host: hostname, port: Number(port) });
  silent.on('error', () => {});
  const unread = connect({ host: hostname, port: Number(port) });
  unread.on('error', () => {});
  await Promise.all([once(silent, 'connect'), once(unread, 'connect')]);
  const body = JSON.stringify(STREAM);
  unread.write(
    'POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const admitted = service.client.greedy(BASE, family.base[0]!.text, 12);
  await sleep(50);
  const closed = service.close();
  try {
    assert.deepEqual(await admitted, family.base[0]!.greedy_ids);
    const inTime = await Promise.race([closed.then(() => true), sleep(5000, false, { ref: false })]);
    assert.ok(inTime, 'the service did not stop in 5 s with a drain timeout of 1 s');
    await assert.rejects(fetch(`${service.url}/health/live`));
  } finally {
    silent.destroy();
    unread.destroy();
    await closed;
  }
});
