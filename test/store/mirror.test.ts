import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Actor } from '../../src/domain/principal.ts';
import { NO_LIMITS } from '../../src/store/limits.ts';
import { Mirror } from '../../src/store/shared/mirror.ts';
import { SHARED_TABLE_NAMES, type TableChange } from '../../src/store/shared/tables.ts';
import { openStore } from '../../src/store/store.ts';
import { createWrites } from '../../src/store/writes.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryFile, version } from './temporary.ts';

const ANN: Actor = { key: 'ann', requestId: 'r1' };
const SOURCE = '00000000-0000-0000-0000-000000000001';

function mirrorOf(t: TestContext): Mirror {
  const mirror = new Mirror(temporaryFile(t));
  t.after(() => mirror.close());
  return mirror;
}

const rowsOf = (mirror: Mirror) =>
  SHARED_TABLE_NAMES.map((table) => mirror.db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all());

/** Takes changes of one write after the other. */
async function takeAll(mirror: Mirror, writes: readonly (readonly TableChange[])[]): Promise<void> {
  for (const changes of writes) {
    await mirror.take({ source: SOURCE, seq: mirror.state.seq + 1 }, async (incoming) => {
      for (const change of changes) incoming.apply(change);
    });
  }
}

test('what a write changed makes another mirror the same, whatever the write was', async (t) => {
  const [own, other] = [mirrorOf(t), mirrorOf(t)];
  const writes = createWrites(own.db, NO_LIMITS);
  const changes: (readonly TableChange[])[] = [];
  const perform = <T>(work: () => T): T => {
    const value = work();
    changes.push(own.capture.take());
    return value;
  };
  perform(() => writes.putTask('mood', { ...EMPTY, labels: ['a', 'b'] }, ANN));
  perform(() => writes.addVersion(version('mood', 'one'), true, ANN, null));
  perform(() => writes.addVersion(version('mood', 'two'), true, ANN, null));
  perform(() => writes.addVersion(version('spam', 'two'), false, ANN, null));
  perform(() => writes.activate('mood', 1, undefined, ANN));
  perform(() => writes.rollBack('mood', { type: 'version', version: 2, shadow: null }, undefined, ANN));
  perform(() => writes.deleteVersion('mood', 1, ANN));
  const file = {
    sha256: 'f',
    filename: 'x',
    format: 'csv',
    kind: 'classification',
    bytes: 1,
    rows: 1,
  } as const;
  const claim = { owner: 'ann', operation: 'createFile', key: 'k', fingerprint: 'p' };
  const { result } = perform(() => writes.addTrainingFile({ ...file, labels: [] }, ANN, claim));
  perform(() => writes.deleteTrainingFile(result.id, ANN));
  await takeAll(other, changes);
  assert.deepEqual(rowsOf(other), rowsOf(own));
  perform(() => writes.deleteTask('mood', ANN));
  perform(() => writes.deleteTask('spam', ANN));
  await takeAll(other, changes.slice(-2));
  assert.deepEqual(rowsOf(other), rowsOf(own));
  assert.equal(other.db.prepare('SELECT count(*) FROM blobs').pluck().get(), 0);
  assert.deepEqual(other.db.pragma('foreign_key_check'), []);
});

test('a write that changes nothing, and one that is undone, leave no changes', (t) => {
  const mirror = mirrorOf(t);
  const writes = createWrites(mirror.db, NO_LIMITS);
  writes.addVersion(version('mood', 'one'), true, ANN, null);
  mirror.capture.take();
  mirror.db.exec('BEGIN');
  writes.deleteTask('mood', ANN);
  mirror.db.exec('ROLLBACK');
  writes.recordUses(new Map([['mood', 1]]));
  assert.deepEqual(mirror.capture.take(), [], 'times of use are the replica’s own');
});

test('what is taken comes as a whole or not at all', async (t) => {
  const [own, other] = [mirrorOf(t), mirrorOf(t)];
  createWrites(own.db, NO_LIMITS).addVersion(version('mood', 'one'), true, ANN, null);
  const changes = own.capture.take();
  const cut = other.take({ source: SOURCE, seq: 7 }, async (incoming) => {
    incoming.apply(changes[0]!);
    assert.equal(
      other.db.prepare('SELECT count(*) FROM blobs').pluck().get(),
      0,
      'not to be read before its end',
    );
    throw new Error('the connection is gone');
  });
  await assert.rejects(cut, /gone/);
  assert.deepEqual(other.state, { source: null, seq: 0 });
  await other.take({ source: SOURCE, seq: 7 }, async (incoming) => changes.forEach(incoming.apply));
  assert.deepEqual(other.state, { source: SOURCE, seq: 7 });
  await other.take({ source: SOURCE, seq: 8 }, async (incoming) => incoming.clear());
  assert.deepEqual(
    rowsOf(other),
    SHARED_TABLE_NAMES.map(() => []),
  );
});

test('a content that goes from one task to another stays', async (t) => {
  const [own, other] = [mirrorOf(t), mirrorOf(t)];
  const writes = createWrites(own.db, NO_LIMITS);
  writes.addVersion(version('mood', 'rows'), false, ANN, null);
  await takeAll(other, [own.capture.take()]);
  writes.addVersion(version('spam', 'rows'), false, ANN, null);
  writes.deleteTask('mood', ANN);
  await takeAll(other, [own.capture.take()]);
  assert.deepEqual(rowsOf(other), rowsOf(own));
  assert.equal(other.db.prepare('SELECT count(*) FROM blobs').pluck().get(), 1);
});

test('times of use go with the task, also when another replica deleted it', async (t) => {
  const [own, other] = [mirrorOf(t), mirrorOf(t)];
  const writes = createWrites(own.db, NO_LIMITS);
  writes.putTask('mood', EMPTY, ANN);
  writes.putTask('spam', EMPTY, ANN);
  await takeAll(other, [own.capture.take()]);
  createWrites(other.db, NO_LIMITS).recordUses(
    new Map([
      ['mood', 1],
      ['spam', 2],
    ]),
  );
  const used = () => other.db.prepare('SELECT task FROM task_uses ORDER BY task').pluck().all();
  writes.deleteTask('mood', ANN);
  await takeAll(other, [own.capture.take()]);
  assert.deepEqual(used(), ['spam']);
  await other.take({ source: SOURCE, seq: 9 }, async (incoming) => incoming.clear());
  assert.deepEqual(used(), []);
  assert.deepEqual(other.db.pragma('foreign_key_check'), []);
});

test('a mirror of an earlier version is copied anew, and read until then', async (t) => {
  const file = temporaryFile(t);
  const first = new Mirror(file);
  await first.take({ source: SOURCE, seq: 7 }, async () => undefined);
  first.close();
  const same = new Mirror(file);
  assert.deepEqual(same.state, { source: SOURCE, seq: 7 });
  // As a migration would find it.
  same.db.exec(`ALTER TABLE tasks DROP COLUMN serving; DROP TABLE serving_history;
    DELETE FROM schema_migrations WHERE number = 7`);
  same.close();
  const upgraded = new Mirror(file);
  assert.equal(upgraded.applied.length, 1);
  assert.deepEqual(upgraded.state, { source: SOURCE, seq: -1 });
  upgraded.close();
});

test('a store of its own is no mirror, and a mirror no store', async (t) => {
  const file = temporaryFile(t);
  const store = await openStore({ file });
  await store.putTask('mood', EMPTY);
  await store.close();
  assert.throws(() => new Mirror(file), refused('mirror_is_store', 'conflict'));
  const kept = await openStore({ file });
  assert.equal(kept.getTask('mood')?.name, 'mood');
  await kept.close();
  const mirror = temporaryFile(t);
  new Mirror(mirror).close();
  await assert.rejects(openStore({ file: mirror }), refused('database_is_mirror', 'conflict'));
});

test('a mirror has one server', (t) => {
  const file = temporaryFile(t);
  const first = new Mirror(file);
  assert.throws(() => new Mirror(file), refused('mirror_in_use', 'conflict'));
  first.close();
  new Mirror(file).close();
});
