import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/store.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryFile, temporaryStore, version } from './temporary.ts';

test('a process that is killed has lost no acknowledged write', { timeout: 60_000 }, async (t) => {
  const file = temporaryFile(t);
  const script = fileURLToPath(new URL('write-forever.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    acknowledged.push(...(chunk as string).split('\n').filter((line) => line !== ''));
    if (acknowledged.length >= 25) child.kill('SIGKILL');
  }
  assert.equal(await ended, 'SIGKILL');

  const { store } = await temporaryStore(t, { file });
  assert.ok(acknowledged.length >= 25);
  for (const [index, sha256] of acknowledged.entries()) {
    const stored = store.getVersion('mood', index + 1);
    assert.equal(stored?.sha256, sha256);
    assert.equal(store.readFile(sha256)?.length, stored?.bytes);
  }
  assert.equal(store.getTask('mood')?.activeVersion, 1);
});

test('writes take place in the order of their calls', async (t) => {
  const { store } = await temporaryStore(t);
  const contents = Array.from({ length: 50 }, (_, index) => `content ${index}`);
  const added = await Promise.all(contents.map((content) => store.addVersion(version('mood', content))));
  assert.deepEqual(
    added.map((item) => item.version.version),
    contents.map((_, index) => index + 1),
  );
});

test('the queue is bounded in writes and in bytes, and recovers', async (t) => {
  const { store } = await temporaryStore(t, { maxPendingWrites: 3, maxPendingBytes: 100 });
  const full = refused('write_queue_full', 'contended');
  const put = (name: string) => store.putTask(name, EMPTY);
  const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map(put));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
  );
  await put('d');

  const large = store.addVersion(version('large', 'x'.repeat(500)));
  await assert.rejects(store.addVersion(version('small', 'x')), full);
  await large;
  await store.addVersion(version('small', 'x'));
  assert.equal(store.countTasks(), 6);
});

test('close finishes the writes that wait and takes no others', async (t) => {
  const file = temporaryFile(t);
  const closing = await openStore({ file });
  const writes = Array.from({ length: 20 }, (_, index) => closing.putTask(`task-${index}`, EMPTY));
  const closed = closing.close();
  await assert.rejects(closing.putTask('late', EMPTY), refused('store_closed', 'unavailable'));
  await closed;
  await Promise.all(writes);
  await closing.close();
  const { store } = await temporaryStore(t, { file });
  assert.equal(store.countTasks(), 20);
});

test('a full database refuses what does not fit and goes on', async (t) => {
  const { store } = await temporaryStore(t, { maxBytes: 200_000 });
  const kept = version('mood', 'fits');
  await store.addVersion(kept);
  await assert.rejects(
    store.addVersion(version('huge', Buffer.alloc(300_000))),
    refused('storage_full', 'storage_full'),
  );
  assert.equal(store.getTask('huge'), null);
  assert.deepEqual(store.readFile(kept.sha256), kept.file);
  await store.addVersion(version('mood', 'fits too'));
});

test('another process that holds the lock for long makes a write unavailable', {
  timeout: 30_000,
}, async (t) => {
  const { store, file } = await temporaryStore(t);
  const other = new Database(file);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(store.putTask('mood', EMPTY), refused('storage_busy', 'unavailable'));
  assert.equal(store.getTask('mood'), null, 'reads do not wait');
  other.exec('ROLLBACK');
  await store.putTask('mood', EMPTY);
});
