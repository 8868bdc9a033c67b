import assert from 'node:assert/strict';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type Database from 'better-sqlite3';
import type { CareProgress, DataCare } from '../../src/domain/data-care.ts';
import { makeBackup } from '../../src/store/care/backup.ts';
import { dataCare } from '../../src/store/care/care.ts';
import { inspectAll, openExisting } from '../../src/store/care/open-copy.ts';
import { restoreBackup } from '../../src/store/care/restore.ts';
import { openForWriting } from '../../src/store/connection.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryFile, version, withDatabase } from './temporary.ts';

const ROWS = Buffer.from('{"text":"good","label":"good"}\n');

/** A store with two versions, of which the first is active, and one training file. */
async function filledStore(t: TestContext): Promise<{ store: Store; file: string; trainingFile: string }> {
  const file = temporaryFile(t);
  const store = await openStore({ file });
  t.after(() => store.close());
  await store.addVersion(version('mood', 'first'));
  await store.addVersion(version('mood', 'second'));
  await store.activate('mood', 1);
  const { id } = await addRows(store);
  return { store, file, trainingFile: id };
}

function addRows(store: Store) {
  return store.training.addFile(Readable.from([ROWS]), 1000, async () => ({
    filename: 'rows.jsonl',
    format: 'jsonl',
    kind: 'classification',
    rows: 1,
    labels: ['good'],
  }));
}

const quiet = (): void => undefined;

/** {@link dataCare} on this thread: starting another takes longer than most of this work. The first test has it as it is. */
const care: DataCare = {
  backup: async (database, file) => makeBackup(database, file, quiet),
  restore: async (file, database) => restoreBackup(file, database, quiet),
  async inspect(database) {
    const db = openExisting(database);
    try {
      return inspectAll(db, database, quiet);
    } finally {
      db.close();
    }
  },
};

test('a backup beside a store in use holds all of one moment, and comes back whole', async (t) => {
  const { store, file, trainingFile } = await filledStore(t);
  const out = join(dirname(file), 'copies', 'backup.db');
  const progress: CareProgress[] = [];
  const report = await dataCare.backup(file, out, { onProgress: (item) => progress.push(item) });
  assert.deepEqual({ prompts: report.prompts, files: report.files }, { prompts: 2, files: 1 });
  assert.ok(
    progress.some(({ done, total }) => done === total),
    'the check of the contents reports its end',
  );
  assert.deepEqual(readdirSync(dirname(out)), ['backup.db'], 'one file, nothing else');
  assert.deepEqual((await dataCare.inspect(out)).damage, []);

  await store.activate('mood', 2);
  await store.training.deleteFile(trainingFile);
  await store.putTask('later', EMPTY);
  await assert.rejects(dataCare.restore(out, file), refused('database_in_use', 'conflict'));
  assert.equal(store.countTasks(), 2, 'the store goes on');
  await store.close();

  const { previous } = await dataCare.restore(out, file);
  const restored = await openStore({ file });
  t.after(() => restored.close());
  assert.equal(restored.getTask('mood')?.activeVersion, 1);
  assert.equal(restored.getTask('later'), null);
  const sha256 = restored.training.getFile(trainingFile)?.sha256 ?? '';
  assert.deepEqual(readFileSync(await restored.training.contentPath(sha256)), ROWS);

  const old = await openStore({ file: previous ?? '' });
  t.after(() => old.close());
  assert.equal(old.countTasks(), 2, 'the database of before was kept aside');
});

test('what is stored is read by its user alone, whatever the umask', async (t) => {
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const base = dirname(temporaryFile(t));
  const file = join(base, 'home', 'store.db');
  const store = await openStore({ file });
  t.after(() => store.close());
  await store.addVersion(version('mood', 'first'));
  await addRows(store);
  const out = join(base, 'copies', 'backup.db');
  await care.backup(file, out);
  const other = join(base, 'other', 'store.db');
  await care.restore(out, other);
  await care.restore(out, other);
  const open: string[] = [];
  for (const entry of readdirSync(base, { recursive: true, encoding: 'utf8' })) {
    const { mode } = statSync(join(base, entry));
    if ((mode & 0o077) !== 0) open.push(`${entry} ${(mode & 0o777).toString(8)}`);
  }
  assert.deepEqual(open, []);
  assert.ok(existsSync(`${file}-wal`), 'the log was there to be looked at');
});

test('a backup is refused for a path that is taken, and leaves nothing of a damaged database', async (t) => {
  const { store, file } = await filledStore(t);
  await assert.rejects(care.backup(file, file), refused('file_exists', 'conflict'));
  await assert.rejects(care.backup(`${file}.no`, `${file}.b`), refused('database_missing', 'not_found'));
  await store.close();
  withDatabase(file, (db) => db.exec("UPDATE blobs SET content = x'00'"));
  await assert.rejects(care.backup(file, `${file}.b`), refused('database_damaged', 'unprocessable'));
  assert.deepEqual(
    readdirSync(dirname(file)).filter((name) => name.startsWith('store.db.')),
    [],
  );
});

test('a backup never takes the place of a file, also of one that came meanwhile', async (t) => {
  const { file } = await filledStore(t);
  const out = `${file}.b`;
  const comes = () => writeFileSync(out, 'of another program');
  assert.throws(() => makeBackup(file, out, comes), refused('file_exists', 'conflict'));
  assert.equal(readFileSync(out, 'utf8'), 'of another program');
  assert.deepEqual(
    readdirSync(dirname(file)).filter((name) => name.includes('.part-')),
    [],
  );
});

test('a restore to a database in use changes nothing, whenever it came into use', async (t) => {
  const { store, file, trainingFile } = await filledStore(t);
  const out = join(dirname(file), 'backup.db');
  await care.backup(file, out);
  await store.training.deleteFile(trainingFile);
  const names = () => readdirSync(dirname(file)).sort();
  const before = names();
  const unchanged = (report: () => void) => {
    assert.throws(() => restoreBackup(out, file, report), refused('database_in_use', 'conflict'));
    assert.deepEqual(readdirSync(`${file}-files`), [], 'nothing was unpacked');
    assert.deepEqual(names(), before);
  };
  unchanged(() => assert.fail('work was begun'));
  await store.close();

  let other: Database.Database | undefined;
  t.after(() => other?.close());
  unchanged(() => {
    other ??= openForWriting(file, null).db;
  });
});

test('a restore of what is no whole backup changes nothing', async (t) => {
  const { store, file } = await filledStore(t);
  const out = join(dirname(file), 'backup.db');
  await care.backup(file, out);
  await store.close();
  const before = readFileSync(file);
  const sound = readFileSync(out);
  const unchanged = async (code: string) => {
    await assert.rejects(care.restore(out, file), refused(code, 'unprocessable'));
    assert.deepEqual(readFileSync(file), before, code);
    assert.deepEqual(readdirSync(dirname(file)).sort(), ['backup.db', 'store.db', 'store.db-files'], code);
  };
  withDatabase(out, (db) => db.exec("UPDATE backup_files SET content = x'00'"));
  await unchanged('database_damaged');
  writeFileSync(out, sound);
  withDatabase(out, (db) => db.exec("INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', 0)"));
  await unchanged('database_newer');
  writeFileSync(out, sound);
  truncateSync(out, 8192);
  await unchanged('database_corrupt');
  writeFileSync(out, 'no database');
  await unchanged('database_corrupt');
  writeFileSync(out, before);
  await unchanged('not_a_backup');
  rmSync(out);
  await assert.rejects(care.restore(out, file), refused('database_missing', 'not_found'));
});

test('a damaged database can be replaced, and is kept aside', async (t) => {
  const { store, file } = await filledStore(t);
  const out = join(dirname(file), 'backup.db');
  await care.backup(file, out);
  await store.close();
  writeFileSync(file, Buffer.alloc(8192, 7));
  const { previous } = await care.restore(out, file);
  assert.deepEqual(readFileSync(previous ?? ''), Buffer.alloc(8192, 7));
  assert.deepEqual((await care.inspect(file)).damage, []);
});

test('every damaged content is named with what uses it', async (t) => {
  const { store, file, trainingFile } = await filledStore(t);
  const { sha256 } = store.training.getFile(trainingFile)!;
  const content = await store.training.contentPath(sha256);
  const { sha256: first } = store.getVersion('mood', 1)!;
  withDatabase(file, (db) =>
    db.prepare('UPDATE blobs SET content = ? WHERE sha256 = ?').run(Buffer.from('x'), first),
  );
  writeFileSync(content, 'other rows');
  const kinds = async () => (await care.inspect(file)).damage.map(({ kind, what }) => `${kind} ${what}`);
  assert.deepEqual(await kinds(), ['prompt mood@1', `file ${trainingFile}`]);
  assert.throws(() => store.readFile(first), refused('prompt_damaged', 'internal'));
  rmSync(content);
  assert.match((await care.inspect(file)).damage[1]?.message ?? '', /is missing/);

  await store.addVersion(version('mood', 'first'));
  await addRows(store);
  assert.deepEqual(await kinds(), [], 'the same contents again repair');
  assert.equal(existsSync(content), true);
});

test('a database that is structurally damaged is reported, not thrown', async (t) => {
  const { store, file } = await filledStore(t);
  await store.addVersion(version('mood', Buffer.alloc(100_000, 1)));
  await store.close();
  const bytes = readFileSync(file);
  // The last pages are those of the large content.
  writeFileSync(file, bytes.fill(0xff, bytes.length - 3 * 4096));
  const { damage } = await care.inspect(file);
  assert.equal(damage[0]?.kind, 'structure');
});
