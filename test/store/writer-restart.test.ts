import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { DomainError } from '../../src/domain/errors.ts';
import { SERVICE } from '../../src/domain/principal.ts';
import { NO_LIMITS } from '../../src/store/limits.ts';
import { WriterClient } from '../../src/store/writer-client.ts';
import { startWorker } from '../../src/threads/start-worker.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryFile } from './temporary.ts';

const MODULE = new URL('../../src/store/writer-thread.ts', import.meta.url).href;

/** Repeats a write while the store starts again. */
async function patiently<T>(write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'store_restarting') throw error;
      await sleep(20);
    }
  }
}

test('a writer thread that dies fails the writes it had and is replaced', async (t) => {
  const threads: Worker[] = [];
  const { client } = await WriterClient.start({
    data: { file: temporaryFile(t), maxBytes: null, limits: NO_LIMITS },
    limits: { maxPendingWrites: 10, maxPendingBytes: 1000 },
    onFailure: () => {},
    startThread(data) {
      const thread = startWorker('writer', MODULE, data);
      threads.push(thread);
      return thread;
    },
  });
  t.after(() => client.close());
  await client.call('putTask', ['before', EMPTY, SERVICE]);
  const lost = Array.from({ length: 5 }, (_, i) =>
    client.call('putTask', [`lost-${i}`, EMPTY, SERVICE], 100),
  );
  const dying = threads[0]!.terminate();
  const results = await Promise.allSettled(lost);
  await dying;
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'done'));
  assert.ok(codes.includes('write_unknown'), `their outcome is not known: ${codes}`);
  await assert.rejects(
    client.call('putTask', ['now', EMPTY, SERVICE]),
    refused('store_restarting', 'unavailable'),
  );

  const { created } = await patiently(() => client.call('putTask', ['before', EMPTY, SERVICE]));
  assert.equal(created, false, 'what was acknowledged is there');
  assert.equal(threads.length, 2);
  await client.call('putTask', ['large', EMPTY, SERVICE], 1000);
});

test('a store can be closed while its writer thread is being replaced', async (t) => {
  const threads: Worker[] = [];
  const { client } = await WriterClient.start({
    data: { file: temporaryFile(t), maxBytes: null, limits: NO_LIMITS },
    limits: { maxPendingWrites: 10, maxPendingBytes: 1000 },
    onFailure: () => {},
    startThread(data) {
      const thread = startWorker('writer', MODULE, data);
      threads.push(thread);
      return thread;
    },
  });
  await threads[0]!.terminate();
  await client.close();
  await assert.rejects(
    client.call('putTask', ['late', EMPTY, SERVICE]),
    refused('store_closed', 'unavailable'),
  );
});
