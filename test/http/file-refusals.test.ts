import assert from 'node:assert/strict';
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
};

for (const [when, addFile] of Object.entries(refusing)) {
  test(`a store that refuses ${when} leaves the connection usable`, async (t) => {
    const { training, listen } = await startApp(t);
    Object.assign(training, { addFile, maxFileBytes: 2 ** 24 });
    const url = await listen();
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([Buffer.alloc(2 ** 22)]), 'rows.jsonl');
    // The same connection each time: fetch keeps it, and the next request waits behind what was not read.
    for (let attempt = 0; attempt < 3; attempt++) {
      const signal = AbortSignal.timeout(10_000);
      const response = await fetch(`${url}/v1/files`, { method: 'POST', body: form, signal });
      assert.equal(response.status, 507);
      await response.text();
    }
  });
}
