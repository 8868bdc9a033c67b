import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryFile, temporaryStore, version } from './temporary.ts';

const KIB = 1024;
const full = refused('storage_full', 'storage_full');
const content = (fill: number) => Buffer.alloc(100 * KIB, fill);

/** What a database with no rows takes, in bytes. */
async function emptyBytes(t: TestContext): Promise<number> {
  const { store, file } = await temporaryStore(t);
  await store.close();
  return statSync(file).size;
}

test('a full database takes files again when others were deleted, and never outgrows its limit', async (t) => {
  const maxBytes = (await emptyBytes(t)) + 230 * KIB;
  const { store, file } = await temporaryStore(t, { maxBytes });
  await store.addVersion(version('mood', content(1)));
  await store.addVersion(version('mood', content(2)));
  await assert.rejects(store.addVersion(version('mood', content(3))), full);
  await store.deleteVersion('mood', 1);
  const kept = version('mood', content(4));
  assert.equal((await store.addVersion(kept)).version.version, 3, 'the refused write took no number');
  assert.deepEqual(store.readFile(kept.sha256), kept.file);
  await store.close();
  assert.ok(statSync(file).size <= maxBytes);
});

test('a database larger than a limit set later can be read and emptied', async (t) => {
  const { store: before, file } = await temporaryStore(t);
  const given = version('mood', Buffer.alloc(512 * KIB));
  await before.addVersion(given);
  await before.close();
  const { store } = await temporaryStore(t, { file, maxBytes: 256 * KIB });
  assert.deepEqual(store.readFile(given.sha256), given.file);
  await assert.rejects(store.addVersion(version('more', content(1))), full);
  await store.deleteTask('mood');
  assert.equal((await store.putTask('new', EMPTY)).created, true);
});

for (const maxBytes of [1, 16 * KIB]) {
  test(`a limit of ${maxBytes} bytes, in which the schema does not fit, is refused at the start`, async (t) => {
    const file = temporaryFile(t);
    const opening = openStore({ file, maxBytes }).then((store) => store.close());
    await assert.rejects(opening, refused('database_unusable', 'unprocessable'));
  });
}
