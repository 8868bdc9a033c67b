import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import type { Actor } from '../../src/domain/principal.ts';
import type { JobSpec } from '../../src/domain/training.ts';
import type { FileFacts } from '../../src/domain/training-store.ts';
import { EMPTY, temporaryFile, temporaryStore, version } from './temporary.ts';

const ANN: Actor = { key: 'ann', requestId: 'r-1' };
const BOB: Actor = { key: 'bob', requestId: 'r-2' };
const FACTS: FileFacts = { filename: 'a.jsonl', format: 'jsonl', kind: 'completion', rows: 1, labels: [] };

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** The parts of a job that the store reads. */
const spec = (task: string, file: string) =>
  ({
    task,
    otherTasks: [],
    trainingFile: { id: file, sha256: '', format: 'jsonl' },
    validationFile: null,
    sourceJob: null,
    config: {},
  }) as unknown as JobSpec;

test('every change is in the audit trail, with who made it; what was refused or changed nothing is not', async (t) => {
  const { store } = await temporaryStore(t);
  await store.putTask('mood', EMPTY, ANN);
  const first = await store.addVersion(version('mood', 'one'), { actor: ANN });
  await store.addVersion(version('mood', 'one'), { actor: BOB });
  await store.addVersion(version('mood', 'two'), { actor: BOB });
  await store.activate('mood', 2, undefined, BOB);
  await store.activate('mood', 2, undefined, ANN);
  await store.addVersion(version('mood', 'two'), { activate: true, actor: ANN });
  await assert.rejects(store.deleteVersion('mood', 2, ANN), { code: 'version_active' });
  await assert.rejects(store.activate('mood', 1, 'other', ANN), { code: 'active_version_changed' });
  await store.deleteVersion('mood', 1, ANN);
  const file = await store.training.addFile(content('x'), 10, async () => FACTS, ANN);
  const job = await store.training.addJob(spec('mood', file.id), BOB);
  const cancel = { action: 'job.cancel', actor: ANN } as const;
  const from = { from: ['validating_files'] } as const;
  await store.training.changeJob(job.id, from, { status: 'cancelled' }, [], cancel);
  await store.training.changeJob(job.id, from, { status: 'cancelled' }, [], cancel);
  await store.training.deleteFile(file.id, BOB);
  await store.deleteTask('mood');
  const { items } = store.listAudit({ limit: 100 });
  assert.deepEqual(
    items.map(({ key, requestId, action, task, version: number, subject }) => [
      key,
      requestId,
      action,
      task ?? subject,
      number,
    ]),
    [
      [null, null, 'task.delete', 'mood', null],
      ['bob', 'r-2', 'file.delete', file.id, null],
      ['ann', 'r-1', 'job.cancel', 'mood', null],
      ['bob', 'r-2', 'job.create', 'mood', null],
      ['ann', 'r-1', 'file.upload', file.id, null],
      ['ann', 'r-1', 'prompt.delete', 'mood', 1],
      ['bob', 'r-2', 'prompt.activate', 'mood', 2],
      ['bob', 'r-2', 'prompt.upload', 'mood', 2],
      ['ann', 'r-1', 'prompt.upload', 'mood', 1],
      ['ann', 'r-1', 'task.put', 'mood', null],
    ],
  );
  assert.equal(items[5]!.sha256, first.version.sha256);
  assert.deepEqual([file.owner, job.actor], ['ann', BOB]);
});

test('the trail is read in pages, by task and by time, and the oldest entries go', async (t) => {
  const { store } = await temporaryStore(t, { limits: { maxAuditEntries: 4 } });
  for (const task of ['a', 'b', 'a', 'b', 'a']) await store.putTask(task, EMPTY, ANN);
  const seqs = (query: Parameters<typeof store.listAudit>[0]) => {
    const { items, next } = store.listAudit(query);
    return [items.map(({ seq }) => seq), next];
  };
  assert.deepEqual(seqs({ limit: 3 }), [[5, 4, 3], '3']);
  assert.deepEqual(seqs({ limit: 3, after: 3 }), [[2], null]);
  assert.deepEqual(seqs({ limit: 3, task: 'b' }), [[4, 2], null]);
  assert.deepEqual(seqs({ limit: 3, since: Date.now() + 60_000 }), [[], null]);
});

test('limits are kept in the transaction: nothing is stored of what is refused', async (t) => {
  const limits = { maxTasksPerKey: 2, maxVersionsPerTask: 2, maxTaskBytes: 10, maxFileBytesPerKey: 5 };
  const file = temporaryFile(t);
  const { store } = await temporaryStore(t, { file, limits: { ...limits, maxUnfinishedJobsPerKey: 1 } });
  const full = (code: string, expected: number, given: number) => ({
    kind: 'storage_full',
    code,
    expected: `at most ${expected}`,
    given,
  });
  await store.addVersion(version('a', 'one'), { actor: ANN });
  await assert.rejects(
    store.addVersion(version('a', 'much too long'), { actor: ANN }),
    full('task_bytes_exceeded', 10, 16),
  );
  await store.addVersion(version('a', 'two'), { actor: ANN });
  await assert.rejects(store.addVersion(version('a', 'x'), { actor: ANN }), full('too_many_versions', 2, 3));
  assert.equal((await store.addVersion(version('a', 'two'), { actor: ANN })).created, false);
  assert.equal(store.listVersions('a', { limit: 10 }).items.length, 2);

  await store.putTask('b', EMPTY, ANN);
  await assert.rejects(store.putTask('c', EMPTY, ANN), full('too_many_tasks', 2, 3));
  await assert.rejects(store.addVersion(version('c', 'x'), { actor: ANN }), full('too_many_tasks', 2, 3));
  await store.putTask('b', EMPTY, ANN);
  await store.putTask('c', EMPTY, BOB);

  const { training } = store;
  const kept = await training.addFile(content('1234'), 10, async () => FACTS, ANN);
  const refused = full('file_bytes_exceeded', 5, 8);
  await assert.rejects(
    training.addFile(content('4321'), 10, async () => FACTS, ANN),
    refused,
  );
  await assert.rejects(
    training.addFile(content('1234'), 10, async () => FACTS, ANN),
    refused,
  );
  assert.deepEqual(
    await readdir(`${file}-files`),
    [kept.sha256],
    'no refused content stays, no shared one goes',
  );
  await training.addFile(content('4321'), 10, async () => FACTS, BOB);

  const claim = { owner: 'cat', operation: 'o', key: 'k', fingerprint: 'f', onReplay: () => {} };
  const CAT: Actor = { key: 'cat', requestId: 'r-3' };
  await training.addFile(content('a'), 10, async () => FACTS, CAT, claim);
  const before = await readdir(`${file}-files`);
  await assert.rejects(
    training.addFile(content('b'), 10, async () => FACTS, CAT, claim),
    { code: 'idempotency_key_reused' },
  );
  assert.deepEqual(await readdir(`${file}-files`), before, 'nor of a key that is used again');

  await training.addJob(spec('a', kept.id), ANN);
  await assert.rejects(training.addJob(spec('a', kept.id), ANN), full('too_many_jobs', 1, 2));
  await training.addJob(spec('a', kept.id), BOB);
});

test('who made a task, a file or a job is remembered by the next process', async (t) => {
  const file = temporaryFile(t);
  const { store: first } = await temporaryStore(t, { file, limits: { maxTasksPerKey: 1 } });
  await first.putTask('a', EMPTY, ANN);
  await first.close();
  const { store } = await temporaryStore(t, { file, limits: { maxTasksPerKey: 1 } });
  await assert.rejects(store.putTask('b', EMPTY, ANN), { code: 'too_many_tasks' });
});
