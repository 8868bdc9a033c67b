import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type Database from 'better-sqlite3';
import { dataCare } from '../../src/store/care/care.ts';
import { migrate, readMigrations } from '../../src/store/migrations.ts';
import { temporaryFile, temporaryStore, version, withDatabase } from './temporary.ts';

const CONTENT = Buffer.from('a prompt');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const MIGRATIONS = readMigrations();

/** What a service of that schema would have stored, by the migration that made room for it. */
const DATA: Readonly<Record<number, (db: Database.Database) => void>> = {
  1(db) {
    db.exec(`INSERT INTO tasks (name, description, template, labels, defaults, active_version, created_at, updated_at)
      VALUES ('mood', 'd', NULL, '[" a"]', '{"temperature":0}', NULL, 1, 2)`);
    db.prepare('INSERT INTO blobs VALUES (?, ?)').run(SHA256, CONTENT);
    db.prepare(`
      INSERT INTO prompt_versions (task, version, sha256, peft_type, num_virtual_tokens, token_dim, bytes, model_hash,
        config, created_at) VALUES ('mood', 3, ?, 'PROMPT_TUNING', 3, 4, ?, 'm', ?, 5)`).run(
      SHA256,
      CONTENT.length,
      JSON.stringify(version('mood', CONTENT).config),
    );
    db.exec("UPDATE tasks SET active_version = 3; INSERT INTO version_counters VALUES ('mood', 3)");
  },
  2(db) {
    db.exec("INSERT INTO task_uses VALUES ('mood', 7)");
  },
  3(db) {
    const spec = { task: 'mood', trainingFile: { id: 'file-a', sha256: 'x' }, config: {}, modelHash: 'm' };
    db.prepare(
      "INSERT INTO training_jobs (id, status, spec, created_at) VALUES ('ftjob-a', 'paused', ?, 8)",
    ).run(JSON.stringify(spec));
    db.exec(`
      INSERT INTO training_events (job, level, type, message, created_at) VALUES ('ftjob-a', 'info', 'message', 'm', 9);
      INSERT INTO training_checkpoints VALUES ('ftjob-a', 4, x'01', '{}', 9)`);
  },
  4(db) {
    db.exec('UPDATE prompt_versions SET num_labels = 2');
  },
};

for (let released = 1; released <= MIGRATIONS.length; released++) {
  test(`a database after migration ${released} comes forward with its data`, async (t) => {
    const file = temporaryFile(t);
    withDatabase(file, (db) => {
      migrate(db, MIGRATIONS.slice(0, released));
      for (let step = 1; step <= released; step++) DATA[step]?.(db);
    });
    const { store } = await temporaryStore(t, { file });
    const task = store.getTask('mood');
    assert.deepEqual([task?.labels, task?.defaults, task?.activeVersion], [[' a'], { temperature: 0 }, 3]);
    assert.deepEqual(store.readFile(SHA256), CONTENT);
    assert.equal(store.getVersion('mood', 3)?.numLabels, released >= 4 ? 2 : null);
    assert.deepEqual(
      store.recentTasks(1).map(({ name }) => name),
      ['mood'],
    );
    if (released >= 3) {
      assert.equal(store.training.getJob('ftjob-a')?.status, 'paused');
      assert.equal(store.training.latestCheckpoint('ftjob-a')?.step, 4);
      assert.equal(store.training.eventsAfter('ftjob-a', 0, 9).length, 1);
    }
    const next = await store.addVersion(version('mood', 'another'), { activate: true });
    assert.deepEqual([next.version.version, next.activeVersion], [4, 4], 'no number is used twice');
    assert.deepEqual((await dataCare.inspect(file)).damage, []);
  });
}
