import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import type { Training } from '../../src/domain/training.ts';
import { startApp } from './harness.ts';

const full = () => new DomainError('storage_full', 'storage_full', 'The disk has no room left.');

const refusing: Readonly<Record<string, Training['addFile']>> = {
  'before it reads the file': () => Promise.reject(full()),
  'in the middle of the file': async (_name, _type, content) => {
    for await (const _chunk of content) throw full();
    throw new Error('there was no chunk');
  },
  'as a disk does, while the next bytes are waited for': async (_name, _type, content) => {
    async function* measured() {
      for await (const chunk of content) yield chunk;
    }
    // A pipeline that fails does not wait until its source has stopped to read.
    await pipeline(measured, createWriteStream('/dev/null/none')).catch(() => undefined);
    throw full();
  },
};

/** A form with a file that no buffer between the client and the store holds. */
const BOUNDARY = 'x';
const FORM = [
  `--${BOUNDARY}`,
  'content-disposition: form-data; name="purpose"',
  '',
  'fine-tune',
  `--${BOUNDARY}`,
  'content-disposition: form-data; name="file"; filename="rows.jsonl"',
  '',
  'x'.repeat(2 ** 22),
  `--${BOUNDARY}--`,
  '',
].join('\r\n');

for (const [when, addFile] of Object.entries(refusing)) {
  test(`a store that refuses ${when} leaves the connection usable`, async (t) => {
    const { training, listen } = await startApp(t, {}, { timeouts: { keepAlive: 2000 } });
    Object.assign(training, { addFile, maxFileBytes: 2 ** 24 });
    // Not fetch, which takes another connection when it is answered before it has sent everything.
    const socket = connect(Number(new URL(await listen()).port), '127.0.0.1');
    const head = `content-type: multipart/form-data; boundary=${BOUNDARY}\r\ncontent-length: ${FORM.length}`;
    socket.write(`POST /v1/files HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n${FORM}`);
    // The next request lies behind what was not read.
    socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    let answers = '';
    socket.on('data', (chunk: Buffer) => {
      answers += chunk.toString();
    });
    await once(socket, 'close');
    assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 507', 'HTTP/1.1 200']);
  });
}
