import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PostgresServer } from '../../reliability/support/postgres-server.ts';
import type { OpenClaim } from '../../src/domain/idempotency.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/store.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, IS_SHARED, MODEL, temporaryDatabase, temporaryFile, version } from './temporary.ts';

const skip = IS_SHARED ? false : 'needs PostgreSQL: npm run test:postgres';

async function replica(t: TestContext, url: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ file: temporaryFile(t), shared: { url, model: MODEL }, ...options });
  t.after(() => store.close());
  return store;
}

async function replicas(t: TestContext): Promise<readonly [Store, Store, string]> {
  const url = await temporaryDatabase(t);
  return [await replica(t, url), await replica(t, url), url];
}

/** Waits until it holds; other replicas have a write within a second. */
async function soon(holds: () => boolean, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!holds()) {
    assert.ok(performance.now() < end, `not within ${seconds} s: ${holds}`);
    await sleep(5);
  }
}

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=softprompt' });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

const tasksOf = (store: Store) => store.listTasks({ limit: 100 }).items;

describe('replicas of one database', { skip }, () => {
  test('what one writes all of them have, and what one deletes none', async (t) => {
    const [one, other] = await replicas(t);
    const { version: added } = await one.addVersion(version('mood', 'rows'), { activate: true });
    await soon(() => other.getTask('mood')?.activeVersion === 1);
    assert.equal(Buffer.from(other.readFile(added.sha256)!).toString(), 'rows');
    await other.deleteTask('mood');
    assert.equal(other.readFile(added.sha256), null, 'whoever writes sees it at once');
    await soon(() => one.getTask('mood') === null && one.readFile(added.sha256) === null);
    const actions = ['task.delete', 'prompt.activate', 'prompt.upload'];
    assert.deepEqual(
      one
        .listAudit({ limit: 9 })
        .items.map(({ action }) => action)
        .sort(),
      actions.sort(),
    );
  });

  test('writes at the same time get numbers of their own, and leave all with the same', async (t) => {
    const [one, other] = await replicas(t);
    const numbers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const store = i % 2 === 0 ? one : other;
        return (await store.addVersion(version('mood', `${i}`))).version.version;
      }),
    );
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const versions = (store: Store) => store.listVersions('mood', { limit: 100 }).items;
    await soon(() => versions(one).length === 20 && versions(other).length === 20);
    assert.deepEqual(versions(one), versions(other));
  });

  test('of two changes of what serves one wins, and a refusal changes nothing', async (t) => {
    const [one, other, url] = await replicas(t);
    const first = await one.addVersion(version('mood', 'a'), { activate: true });
    await one.addVersion(version('mood', 'b'));
    await one.addVersion(version('mood', 'c'));
    const tried = await Promise.allSettled([
      one.activate('mood', 2, first.version.sha256),
      other.activate('mood', 3, first.version.sha256),
    ]);
    assert.deepEqual(tried.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const lost = tried.find((it) => it.status === 'rejected')!;
    assert.equal(lost.reason.code, 'active_version_changed');
    const seq = async () => (await query(url, 'SELECT seq FROM head')).rows[0].seq;
    const before = await seq();
    await assert.rejects(other.deleteTask('nobody'), { code: 'task_not_found' });
    await assert.rejects(one.putTask('nul', { ...EMPTY, description: 'a\0b' }), {
      code: 'text_not_storable',
    });
    assert.equal(await seq(), before);
    assert.equal(one.getTask('nul'), null, 'what the shared database refuses is not in the mirror');
    await one.putTask('more', EMPTY);
  });

  test('an idempotency key is known to all', async (t) => {
    const [one, other] = await replicas(t);
    let replays = 0;
    const claim = (): OpenClaim => ({
      owner: 'ann',
      operation: 'createPrompt',
      key: 'k',
      fingerprint: 'f',
      onReplay: () => replays++,
    });
    await one.addVersion(version('mood', 'a'), { claim: claim() });
    const again = await other.addVersion(version('mood', 'a'), { claim: claim() });
    assert.deepEqual([again.version.version, replays], [1, 1]);
  });

  test('a mirror that missed too much, or is of another database, is copied anew', async (t) => {
    const url = await temporaryDatabase(t);
    const file = temporaryFile(t);
    const options = { file, shared: { url, model: MODEL } };
    const one = await replica(t, url);
    await one.addVersion(version('old', 'x'), { activate: true });
    await (await openStore(options)).close();
    await one.deleteTask('old');
    await one.addVersion(version('new', 'y'), { activate: true });
    await query(url, 'DELETE FROM changes; UPDATE head SET oldest = seq');
    const late = await openStore(options);
    assert.deepEqual(tasksOf(late), tasksOf(one));
    await late.close();
    const elsewhere = await replica(t, await temporaryDatabase(t));
    await elsewhere.putTask('elsewhere', EMPTY);
    const moved = await openStore({ file, shared: { url: await temporaryDatabase(t), model: MODEL } });
    assert.deepEqual(tasksOf(moved), []);
    await moved.close();
  });

  test('a content that went from one task to another meanwhile is there', async (t) => {
    const url = await temporaryDatabase(t);
    const options = { file: temporaryFile(t), shared: { url, model: MODEL } };
    const one = await replica(t, url);
    const { version: added } = await one.addVersion(version('mood', 'rows'), { activate: true });
    await (await openStore(options)).close();
    await one.addVersion(version('spam', 'rows'), { activate: true });
    await one.deleteTask('mood');
    const late = await openStore(options);
    assert.equal(Buffer.from(late.readFile(added.sha256)!).toString(), 'rows');
    await late.close();
  });

  test('a write of a mirror that missed very many goes on after all of them', async (t) => {
    const [one, other, url] = await replicas(t);
    await query(
      url,
      `BEGIN; SELECT seq FROM head FOR UPDATE;
       INSERT INTO tasks (name, created_at, updated_at) SELECT 't' || i, 1, 1 FROM generate_series(1, 3000) i;
       INSERT INTO changes SELECT seq + i, 'tasks', json_build_object('name', 't' || i) FROM head, generate_series(1, 3000) i;
       UPDATE head SET seq = seq + 3000; COMMIT`,
    );
    await Promise.all([one.putTask('mine', EMPTY), other.putTask('others', EMPTY)]);
    assert.notEqual(one.getTask('t3000'), null);
    await query(url, 'UPDATE head SET id = gen_random_uuid()');
    await Promise.all([one.deleteTask('t1'), other.deleteTask('t2')]);
    await soon(() => one.getTask('t2') === null && other.getTask('t1') === null);
  });

  test('a database that takes no writes is away for writes only', async (t) => {
    const [one, other, url] = await replicas(t);
    await one.putTask('mood', EMPTY);
    const reconnect = (setting: string) =>
      query(
        url,
        `BEGIN READ WRITE; ALTER DATABASE ${new URL(url).pathname.slice(1)} ${setting}; COMMIT;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    const readOnly = 'default_transaction_read_only';
    await reconnect(`SET ${readOnly} = on`);
    await soon(() => other.getTask('mood') !== null);
    for (let refusals = 0; refusals < 3; refusals++)
      await assert.rejects(one.putTask('more', EMPTY), { kind: 'unavailable' });
    await reconnect(`RESET ${readOnly}`);
    while (!(await one.putTask('more', EMPTY).catch(() => false))) await sleep(100);
    await soon(() => other.getTask('more') !== null);
  });

  test('a replica of another model is refused with both hashes, until the others have ended', async (t) => {
    const url = await temporaryDatabase(t);
    const one = await openStore({ file: temporaryFile(t), shared: { url, model: MODEL } });
    const other = { id: 'large', hash: 'n'.repeat(64) };
    const join = () => openStore({ file: temporaryFile(t), shared: { url, model: other } });
    await assert.rejects(join(), (error: Error) => {
      refused('replica_model_differs', 'conflict')(error);
      return [MODEL.hash, other.hash].every((hash) => error.message.includes(hash));
    });
    await one.close();
    await (await join()).close();
  });

  test('a training file is read wherever it was received', async (t) => {
    const [one, other] = await replicas(t);
    const rows = Buffer.from('text,label\na,x\n'.repeat(100_000));
    const path = `${temporaryFile(t)}.csv`;
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path, rows);
    const facts = {
      filename: 'rows.csv',
      format: 'csv',
      kind: 'classification',
      rows: 1,
      labels: ['x'],
    } as const;
    const { sha256, id } = await one.training.addFile(createReadStream(path), 2 ** 24, async () => facts);
    await soon(() => other.training.getFile(id) !== null);
    assert.ok(readFileSync(await other.training.contentPath(sha256)).equals(rows));
  });
});

describe('while the shared database is away', { skip }, () => {
  test('what is stored is served, writes are refused, and later all is as before', async (t) => {
    const server = await PostgresServer.start();
    t.after(() => server.remove());
    const url = `${server.url}/postgres`;
    const file = temporaryFile(t);
    const [one, other] = [await replica(t, url), await openStore({ file, shared: { url, model: MODEL } })];
    const { version: added } = await one.addVersion(version('mood', 'rows'), { activate: true });
    await soon(() => other.getTask('mood')?.activeVersion === 1);
    const strange = { file: temporaryFile(t), shared: { url, model: { id: 'large', hash: 'n'.repeat(64) } } };
    await (await openStore({ ...strange, shared: { url, model: MODEL } })).close();
    await server.halt();
    await assert.rejects(other.putTask('more', EMPTY), (error: Error) =>
      /^(shared_store_unavailable|write_unknown)$/.test(Object(error).code),
    );
    await assert.rejects(other.putTask('more', EMPTY), {
      code: 'shared_store_unavailable',
      kind: 'unavailable',
    });
    assert.equal(Buffer.from(other.readFile(added.sha256)!).toString(), 'rows');
    await soon(() => !other.stats().shared!.connected);
    await other.close();
    const started = await openStore({ file, shared: { url, model: MODEL } });
    t.after(() => started.close());
    assert.equal(started.getTask('mood')?.activeVersion, 1, 'a mirror is enough to start');
    const empty = openStore({ file: temporaryFile(t), shared: { url, model: MODEL } });
    await assert.rejects(empty, { code: 'shared_store_unavailable' });
    const stranger = await openStore(strange);
    t.after(() => stranger.close());
    // As many as come while nothing answers: none of them may keep the connection from coming back.
    await Promise.all(Array.from({ length: 20 }, () => assert.rejects(started.putTask('more', EMPTY))));
    for (let i = 0; i < 5; i++) await assert.rejects(started.putTask('more', EMPTY));
    await server.resume();
    await soon(() => started.stats().shared!.connected && one.stats().shared!.connected);
    await started.putTask('more', EMPTY);
    await soon(() => one.getTask('more') !== null, 5);
    await assert.rejects(stranger.putTask('strange', EMPTY), { code: 'shared_store_unavailable' });
    assert.equal(one.getTask('strange'), null, 'who has not joined writes nothing');
  });
});
