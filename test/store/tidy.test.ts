import assert from 'node:assert/strict';
import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JobSpec, JobStatus } from '../../src/domain/training.ts';
import { openForWriting } from '../../src/store/connection.ts';
import type { Store } from '../../src/store/store.ts';
import { createTidyWrites } from '../../src/store/tidy.ts';
import { temporaryStore, version, withDatabase } from './temporary.ts';

const DAY_MS = 24 * 3_600_000;
const FOR_EVER = { keepJobsDays: 0, keepCheckpointsDays: 0 };

/** A job in this state with two checkpoints, that ended so many days ago. */
async function addJob(store: Store, status: JobStatus, days: number, more: object = {}): Promise<string> {
  const spec = { task: 'mood', otherTasks: [], trainingFile: { id: 'f' }, validationFile: null, config: {} };
  const file = await store.training.addFile(
    (async function* () {
      yield Buffer.from(`${Math.random()}`);
    })(),
    100,
    async () => ({ filename: 'f', format: 'csv', kind: 'completion', rows: 1, labels: [] }),
  );
  const full = { ...spec, trainingFile: file, ...more } as unknown as JobSpec;
  const { id } = await store.training.addJob(full);
  for (const step of [1, 2])
    await store.training.saveCheckpoint({ job: id, step, metrics: {} }, Buffer.from('x'));
  const result = { version: 1 } as never;
  const change = { status, finishedAt: Date.now() - days * DAY_MS, result };
  await store.training.changeJob(id, { from: ['validating_files'] }, change);
  return id;
}

const steps = (store: Store, job: string) =>
  store.training.listCheckpoints(job, { limit: 9 }).items.map(({ step }) => step);

test('nothing goes while it is kept for ever, or is not old enough, or is not finished', async (t) => {
  const { store } = await temporaryStore(t);
  const old = await addJob(store, 'succeeded', 100);
  const paused = await addJob(store, 'paused', 100);
  const recent = await addJob(store, 'succeeded', 5);
  await store.tidy(FOR_EVER);
  assert.deepEqual(steps(store, old), [2, 1]);
  await store.tidy({ keepJobsDays: 10, keepCheckpointsDays: 10 });
  assert.equal(store.training.getJob(old), null);
  for (const job of [paused, recent]) assert.deepEqual(steps(store, job), [2, 1]);
});

test('checkpoints of finished jobs go, but the adapter of several tasks stays', async (t) => {
  const { store } = await temporaryStore(t);
  const single = await addJob(store, 'succeeded', 31);
  const config = { peft_type: 'MULTITASK_PROMPT_TUNING' };
  const several = await addJob(store, 'succeeded', 31, { config });
  await store.tidy({ keepJobsDays: 0, keepCheckpointsDays: 30 });
  assert.deepEqual(steps(store, single), []);
  assert.deepEqual(steps(store, several), [2]);
  assert.notEqual(store.training.getJob(single), null);
});

test('a job whose adapter another is to start from stays', async (t) => {
  const { store } = await temporaryStore(t);
  const source = await addJob(store, 'succeeded', 100);
  await addJob(store, 'queued', 0, { sourceJob: source });
  await store.tidy({ keepJobsDays: 10, keepCheckpointsDays: 0 });
  assert.notEqual(store.training.getJob(source), null);
});

test('one piece of tidying removes little, also of jobs with many events', async (t) => {
  const { store, file } = await temporaryStore(t);
  for (let job = 0; job < 5; job++) await addJob(store, 'succeeded', 100);
  await store.close();
  const { db } = openForWriting(file, null);
  t.after(() => db.close());
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  db.exec(`
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)
    INSERT INTO training_events (job, level, type, message, created_at)
    SELECT id, 'info', 'message', 'x', 1 FROM numbers, training_jobs ORDER BY training_jobs.seq`);
  const { tidy } = createTidyWrites(db);
  const left = (): number[] => ['training_events', 'training_jobs', 'training_checkpoints'].map(count);
  let before = left();
  for (let more = true; more; ) {
    more = tidy({ keepJobsDays: 10, keepCheckpointsDays: 0 });
    const after = left();
    const [events, jobs] = before.map((number, kind) => number - after[kind]!);
    assert.ok(events! <= 500 && jobs! <= 2, `${events} events and ${jobs} jobs in one piece`);
    assert.equal(after[2], 2 * after[1]!, 'a job that is there has its checkpoints');
    before = after;
  }
  assert.deepEqual(left(), [0, 0, 0]);
});

test('tidying ends between two pieces when the service stops', async (t) => {
  const { store, file } = await temporaryStore(t);
  await store.addVersion(version('mood', Buffer.alloc(8_000_000, 1)));
  await store.deleteTask('mood');
  const stopping = new AbortController();
  const tidied = store.tidy(FOR_EVER, stopping.signal);
  stopping.abort();
  await tidied;
  const free = () => withDatabase(file, (db) => db.pragma('freelist_count', { simple: true }) as number);
  assert.ok(free() > 0, 'there is more to do');
  await store.tidy(FOR_EVER);
  assert.equal(free(), 0);
});

test('keys expire, forgotten contents go, and the file shrinks', async (t) => {
  const { store, file } = await temporaryStore(t);
  const claim = {
    owner: '',
    operation: 'o',
    key: 'k',
    fingerprint: 'f',
    onReplay: () => assert.fail('replayed'),
  };
  await store.addVersion(version('mood', Buffer.alloc(2_000_000, 1)), { claim });
  const forgotten = join(`${file}-files`, 'a'.repeat(64));
  writeFileSync(forgotten, 'x');
  utimesSync(forgotten, new Date(0), new Date(0));
  withDatabase(file, (db) => {
    db.exec('UPDATE idempotency_keys SET created_at = 1');
    db.pragma('wal_checkpoint(TRUNCATE)');
  });
  const before = statSync(file).size;
  await store.deleteTask('mood');
  await store.tidy(FOR_EVER);
  assert.equal(store.earlierVersion(claim), null);
  assert.equal(existsSync(forgotten), false);
  withDatabase(file, (db) => {
    assert.equal(db.prepare('SELECT count(*) FROM idempotency_keys').pluck().get(), 0);
    db.pragma('wal_checkpoint(TRUNCATE)');
  });
  assert.ok(statSync(file).size < before / 2, `${statSync(file).size} of ${before}`);
});
