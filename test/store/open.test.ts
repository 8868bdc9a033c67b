import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { openForReading, openForWriting } from '../../src/store/connection.ts';
import { migrate, readMigrations } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/store.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryFile, temporaryStore, version, withDatabase } from './temporary.ts';

test('directories are created, and what was written is there after reopening', async (t) => {
  const file = join(dirname(temporaryFile(t)), 'a', 'b', 'store.db');
  const given = version('mood', 'content');
  const first = await openStore({ file });
  await first.putTask('mood', { ...EMPTY, labels: [' a'] });
  await first.addVersion(given);
  const task = await first.activate('mood', 1);
  await first.close();

  const { store } = await temporaryStore(t, { file });
  assert.deepEqual(store.getTask('mood'), task);
  assert.deepEqual(store.readFile(given.sha256), given.file);
});

test('the settings that durability and integrity rest on', (t) => {
  const { db } = openForWriting(temporaryFile(t), null);
  t.after(() => db.close());
  const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'];
  assert.deepEqual(
    settings.map((name) => db.pragma(name, { simple: true })),
    ['wal', 2, 1, 5000],
  );
  assert.deepEqual(db.pragma('foreign_key_check'), []);
});

test('migrations are applied once and reported', async (t) => {
  const file = temporaryFile(t);
  const logged: object[] = [];
  const log = { info: (fields: object) => logged.push(fields), error: () => assert.fail() };
  await (await openStore({ file, log })).close();
  await (await openStore({ file, log })).close();
  assert.deepEqual(logged, [{ file, applied: readMigrations().map(({ name }) => name) }]);
});

test('a newer or altered schema is refused', async (t) => {
  const file = temporaryFile(t);
  await (await openStore({ file })).close();
  const before = readFileSync(file);

  const change = (sql: string) => withDatabase(file, (db) => db.exec(sql));
  change("UPDATE schema_migrations SET sha256 = 'x' WHERE number = 1");
  await assert.rejects(openStore({ file }), refused('migration_altered', 'unprocessable'));
  writeFileSync(file, before);
  change("INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', 0)");
  await assert.rejects(openStore({ file }), refused('database_newer', 'unprocessable'));
  writeFileSync(file, before);
  await (await openStore({ file })).close();
});

test("another program's database is refused, and stays as it is", async (t) => {
  const file = temporaryFile(t);
  withDatabase(file, (db) => db.exec('CREATE TABLE notes (text)'));
  const before = readFileSync(file);
  await assert.rejects(openStore({ file }), refused('database_foreign', 'unprocessable'));
  assert.deepEqual(readFileSync(file), before);
});

test('a failing migration changes nothing', (t) => {
  const file = temporaryFile(t);
  const good = { number: 1, name: '0001-good.sql', sql: 'CREATE TABLE good (x);', sha256: 'g' };
  const bad = {
    number: 2,
    name: '0002-bad.sql',
    sql: 'CREATE TABLE bad (x); CREATE TABLE bad (x);',
    sha256: 'b',
  };
  const db = new Database(file);
  t.after(() => db.close());
  assert.throws(() => migrate(db, [good, bad]), /already exists/);
  assert.deepEqual(db.prepare('SELECT name FROM sqlite_schema').all(), []);
  assert.deepEqual(migrate(db, [good]), ['0001-good.sql']);
  assert.deepEqual(migrate(db, [good, { ...bad, sql: 'CREATE TABLE better (x);' }]), ['0002-bad.sql']);
});

test('migration files must be numbered without gaps', (t) => {
  const directory = join(dirname(temporaryFile(t)), 'migrations');
  mkdirSync(directory);
  writeFileSync(join(directory, '0001-a.sql'), '');
  writeFileSync(join(directory, '0003-c.sql'), '');
  assert.throws(
    () => readMigrations(pathToFileURL(`${directory}/`)),
    /0003-c.sql: expected migration number 2/,
  );
});

test('damaged files are refused by name', async (t) => {
  const file = temporaryFile(t);
  const corrupt = refused('database_corrupt', 'unprocessable');
  writeFileSync(file, 'This is not a database. '.repeat(100));
  await assert.rejects(openStore({ file }), corrupt);
  assert.equal(readFileSync(file, 'utf8').slice(0, 22), 'This is not a database');

  writeFileSync(file, '');
  const store = await openStore({ file });
  await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      store.putTask(`task-${i}`, { ...EMPTY, description: 'x'.repeat(500) }),
    ),
  );
  await store.close();
  const sound = readFileSync(file);
  truncateSync(file, sound.length / 2);
  await assert.rejects(openStore({ file }), corrupt);
  writeFileSync(file, Buffer.from(sound).fill(0xff, 4096));
  await assert.rejects(openStore({ file }), corrupt);
});

test('a path that cannot be a file is refused with the reason', async (t) => {
  const file = temporaryFile(t);
  writeFileSync(file, '');
  await assert.rejects(
    openStore({ file: join(file, 'below.db') }),
    refused('database_unusable', 'unprocessable'),
  );
  await assert.rejects(openStore({ file: dirname(file) }), refused('database_unusable', 'unprocessable'));
});

test('no connection may hold more than 2 MB of the pages of its file', (t) => {
  const file = temporaryFile(t);
  const { db: writing } = openForWriting(file, null);
  const reading = openForReading(file);
  for (const db of [writing, reading]) {
    assert.equal(db.pragma('cache_size', { simple: true }), -2000);
    db.close();
  }
});
