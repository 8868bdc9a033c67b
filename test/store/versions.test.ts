import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from '../formats/files.ts';
import { countBlobs, EMPTY, temporaryStore, version, withDatabase } from './temporary.ts';

test('a version is stored inactive, with its file byte for byte', async (t) => {
  const { store } = await temporaryStore(t);
  const content = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
  const given = version('mood', content);
  const added = await store.addVersion(given);
  const { file, ...fields } = given;
  assert.equal(added.created, true);
  assert.deepEqual(added.version, {
    ...fields,
    version: 1,
    bytes: 1000,
    createdAt: added.version.createdAt,
  });
  assert.deepEqual(store.getVersion('mood', 1), added.version);
  assert.deepEqual(store.findByContent(given.sha256, 'PROMPT_TUNING'), added.version);
  assert.equal(store.findByContent(given.sha256, 'P_TUNING'), null);
  assert.deepEqual(store.readFile(given.sha256), file);
  assert.equal(store.readFile('0'.repeat(64)), null);
  assert.equal(store.getTask('mood')?.activeVersion, null);
});

test('a version knows the labels of its classification head', async (t) => {
  const { store } = await temporaryStore(t);
  await store.addVersion({ ...version('mood', 'a'), numLabels: 3 });
  await store.addVersion(version('mood', 'b'));
  assert.deepEqual(
    store.listVersions('mood', { limit: 2 }).items.map(({ numLabels }) => numLabels),
    [null, 3],
  );
});

test("the caller's buffer is copied, not taken", async (t) => {
  const { store } = await temporaryStore(t);
  const shared = Buffer.from('before-prompt-after');
  const given = { ...version('mood', 'prompt'), file: shared.subarray(7, 13) };
  const adding = store.addVersion(given);
  assert.equal(shared.toString(), 'before-prompt-after');
  shared.fill(0);
  await adding;
  assert.equal(Buffer.from(store.readFile(given.sha256)!).toString(), 'prompt');
});

test('the same content again is the same version', async (t) => {
  const { store } = await temporaryStore(t);
  const first = await store.addVersion(version('mood', 'a'));
  await store.addVersion(version('mood', 'b'));
  assert.deepEqual(await store.addVersion(version('mood', 'a')), { ...first, created: false });
  const other = await store.addVersion({ ...version('mood', 'a'), peftType: 'P_TUNING' });
  assert.deepEqual([other.created, other.version.version], [true, 3]);
  const forOtherModel = await store.addVersion({ ...version('mood', 'a'), modelHash: 'x' });
  assert.deepEqual([forOtherModel.created, forOtherModel.version.version], [true, 4]);
});

test('a number is never used twice, not even after its task was deleted', async (t) => {
  const { store } = await temporaryStore(t);
  const add = async (content: string) => (await store.addVersion(version('mood', content))).version.version;
  assert.deepEqual([await add('a'), await add('b')], [1, 2]);
  await store.deleteVersion('mood', 2);
  assert.equal(await add('b'), 3);
  await store.deleteTask('mood');
  assert.equal(await add('a'), 4);
  assert.equal((await store.addVersion(version('other', 'a'))).version.version, 1);
});

test('versions come newest first, page by page', async (t) => {
  const { store } = await temporaryStore(t);
  for (const content of ['a', 'b', 'c']) await store.addVersion(version('mood', content));
  const numbers = (after?: string) => {
    const page = store.listVersions('mood', { limit: 2, ...(after !== undefined && { after }) });
    return [page.items.map((item) => item.version), page.next];
  };
  assert.deepEqual(numbers(), [[3, 2], '2']);
  assert.deepEqual(numbers('2'), [[1], null]);
  assert.deepEqual(store.listVersions('unknown', { limit: 2 }), { items: [], next: null });
  for (const after of ['0', '-1', 'x', '1.5', '', '99999999999']) {
    assert.throws(() => numbers(after), refused('invalid_cursor', 'invalid'), after);
  }
});

test('activation moves the pointer, if the caller knows what is active', async (t) => {
  const { store } = await temporaryStore(t);
  const [a, b] = [version('mood', 'a'), version('mood', 'b')];
  await store.addVersion(a);
  await store.addVersion(b);
  const changed = refused('active_version_changed', 'precondition_failed');
  await assert.rejects(store.activate('mood', 1, a.sha256), changed, 'nothing is active yet');
  assert.equal((await store.activate('mood', 1)).activeVersion, 1);
  await assert.rejects(store.activate('mood', 2, b.sha256), changed);
  assert.equal(store.getTask('mood')?.activeVersion, 1);
  assert.equal((await store.activate('mood', 2, a.sha256)).activeVersion, 2);
  await assert.rejects(store.activate('mood', 3), refused('version_not_found', 'not_found'));
  await assert.rejects(store.activate('unknown', 1), refused('task_not_found', 'not_found'));
  assert.equal(store.getTask('mood')?.activeVersion, 2);
});

test('of two activations with the same If-Match one wins', async (t) => {
  const { store } = await temporaryStore(t);
  const a = version('mood', 'a');
  for (const given of [a, version('mood', 'b'), version('mood', 'c')]) await store.addVersion(given);
  await store.activate('mood', 1);
  const results = await Promise.allSettled([2, 3].map((number) => store.activate('mood', number, a.sha256)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal(store.getTask('mood')?.activeVersion, 2);
});

test('the active version cannot be deleted', async (t) => {
  const { store } = await temporaryStore(t);
  await store.addVersion(version('mood', 'a'));
  await store.activate('mood', 1);
  await assert.rejects(store.deleteVersion('mood', 1), refused('version_active', 'conflict'));
  await assert.rejects(store.deleteVersion('mood', 2), refused('version_not_found', 'not_found'));
  await assert.rejects(store.deleteVersion('unknown', 1), refused('task_not_found', 'not_found'));
  assert.notEqual(store.getVersion('mood', 1), null);
});

test('tasks share a file, which goes with its last version', async (t) => {
  const { store, file } = await temporaryStore(t);
  const given = version('one', 'shared');
  await store.addVersion(given);
  await store.addVersion(version('two', 'shared'));
  await store.addVersion(version('two', 'own'));
  await store.activate('two', 2);
  assert.equal(countBlobs(file), 2);
  await store.deleteVersion('one', 1);
  assert.equal(Buffer.from(store.readFile(given.sha256)!).toString(), 'shared');
  await store.deleteVersion('two', 1);
  assert.equal(store.readFile(given.sha256), null);
  assert.equal(store.findByContent(given.sha256, 'PROMPT_TUNING'), null);
  assert.equal(countBlobs(file), 1);
  await store.deleteTask('two');
  assert.equal(countBlobs(file), 0);
});

test('a damaged file is found when it is read, and repaired by the same upload', async (t) => {
  const { store, file } = await temporaryStore(t);
  const given = version('mood', 'content');
  await store.addVersion(given);
  withDatabase(file, (db) => db.prepare('UPDATE blobs SET content = ?').run(Buffer.from('cOntent')));
  assert.throws(() => store.readFile(given.sha256), new RegExp(`${given.sha256} is damaged`));
  assert.equal((await store.addVersion(given)).created, false);
  assert.deepEqual(store.readFile(given.sha256), given.file);
});

test('a refused write leaves nothing behind', async (t) => {
  const { store, file } = await temporaryStore(t);
  await store.putTask('mood', EMPTY);
  const broken = { ...version('new', 'a'), numVirtualTokens: 1.5 };
  await assert.rejects(store.addVersion(broken), /num_virtual_tokens/);
  assert.equal(store.getTask('new'), null);
  assert.equal(countBlobs(file), 0);
  assert.equal((await store.addVersion(version('new', 'a'))).version.version, 1);
});

test('a content that two tasks hold is found until the last of them is deleted', async (t) => {
  const { store } = await temporaryStore(t);
  const { sha256 } = version('a', 'shared');
  await store.addVersion(version('a', 'shared'));
  await store.addVersion(version('b', 'shared'));
  await store.deleteTask('a');
  assert.equal(store.findByContent(sha256, 'PROMPT_TUNING')?.task, 'b');
  await store.deleteTask('b');
  assert.equal(store.findByContent(sha256, 'PROMPT_TUNING'), null);
});
