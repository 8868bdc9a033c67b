import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServingPlan } from '../../src/domain/serving.ts';
import { refused } from '../formats/files.ts';
import { temporaryStore, version } from './temporary.ts';

const single = (number: number): ServingPlan => ({ type: 'version', version: number, shadow: null });
const ensemble: ServingPlan = { type: 'ensemble', versions: [1, 2], shadow: null };
const split: ServingPlan = {
  type: 'split',
  shares: [
    { version: 2, weight: 0.25 },
    { version: 3, weight: 0.75 },
  ],
  shadow: 1,
};

/** A task `mood` with the versions 1 to 3, of which 1 is active. */
async function withVersions(t: Parameters<typeof temporaryStore>[0]) {
  const { store, file } = await temporaryStore(t);
  for (const content of ['a', 'b', 'c']) await store.addVersion(version('mood', content));
  await store.activate('mood', 1);
  return { store, file };
}

test('a task serves with a plan, and every change can be undone, the latest first', async (t) => {
  const { store } = await withVersions(t);
  assert.deepEqual(store.getTask('mood')!.serving, single(1));
  assert.equal(store.previousPlan('mood'), null);

  const task = await store.serve('mood', ensemble);
  assert.deepEqual([task.serving, task.activeVersion], [ensemble, 1]);
  await store.serve('mood', split);
  assert.deepEqual(store.getTask('mood')!.serving, split);
  assert.equal(store.getTask('mood')!.activeVersion, 3, 'the largest share stands for the split');
  // The same again is no change.
  await store.serve('mood', split);
  assert.deepEqual(store.previousPlan('mood'), ensemble);

  await store.activate('mood', 2);
  assert.deepEqual(store.getTask('mood')!.serving, single(2));
  for (const plan of [split, ensemble, single(1)]) {
    assert.deepEqual(store.previousPlan('mood'), plan);
    assert.deepEqual((await store.rollBack('mood', plan)).serving, plan);
  }
  assert.equal(store.previousPlan('mood'), null);
  await assert.rejects(store.rollBack('mood', single(1)), refused('nothing_to_roll_back', 'conflict'));
  assert.deepEqual(store.getTask('mood')!.serving, single(1));
});

test('a plan is changed only from what the caller has seen', async (t) => {
  const { store } = await withVersions(t);
  await store.serve('mood', ensemble, single(1));
  const stale = refused('serving_changed', 'precondition_failed');
  await assert.rejects(store.serve('mood', split, single(1)), stale);
  await assert.rejects(store.rollBack('mood', split), stale);
  assert.deepEqual(store.getTask('mood')!.serving, ensemble);
  await assert.rejects(store.rollBack('mood', single(1), split), stale);
  assert.deepEqual(store.previousPlan('mood'), single(1), 'a roll back that is refused takes nothing');
  await store.rollBack('mood', single(1), ensemble);
});

test('versions that do not exist, or were made for another model, change nothing', async (t) => {
  const { store } = await withVersions(t);
  const missing: ServingPlan = { type: 'ensemble', versions: [1, 9], shadow: null };
  await assert.rejects(store.serve('mood', missing), refused('version_not_found', 'not_found'));
  await assert.rejects(store.serve('none', ensemble), refused('task_not_found', 'not_found'));
  await store.addVersion({ ...version('mood', 'd'), modelHash: 'other' });
  const mixed: ServingPlan = { type: 'ensemble', versions: [1, 4], shadow: null };
  await assert.rejects(store.serve('mood', mixed), refused('mixed_models', 'conflict'));
  assert.deepEqual(store.getTask('mood')!.serving, single(1));
  assert.equal(store.previousPlan('mood'), null);
});

test('a version that serves in any part cannot be deleted; a plan whose version went does not come back', async (t) => {
  const { store } = await withVersions(t);
  await store.serve('mood', split);
  for (const number of [1, 2, 3]) {
    await assert.rejects(store.deleteVersion('mood', number), refused('version_serving', 'conflict'));
  }
  await store.activate('mood', 3);
  await assert.rejects(store.deleteVersion('mood', 3), refused('version_active', 'conflict'));
  await store.deleteVersion('mood', 2);
  assert.deepEqual(store.previousPlan('mood'), single(1), 'the split needed version 2');
  await store.rollBack('mood', single(1));
});

test('what a deletion leaves of the history has no plan twice in a row, nor the one that serves', async (t) => {
  const { store } = await withVersions(t);
  await store.addVersion(version('mood', 'd'));
  // 1, 4, 2, 4, 3, 4, 3 of which 3 serves.
  for (const number of [4, 2, 4, 3, 4, 3]) await store.serve('mood', single(number));
  await store.deleteVersion('mood', 4);
  for (const number of [2, 1]) {
    assert.deepEqual(store.previousPlan('mood'), single(number));
    await store.rollBack('mood', single(number));
  }
  assert.equal(store.previousPlan('mood'), null);

  await store.addVersion(version('mood', 'e'));
  for (const number of [3, 5, 3, 5, 3, 1]) await store.serve('mood', single(number));
  await store.deleteVersion('mood', 5);
  assert.deepEqual(store.previousPlan('mood'), single(3));
  await store.rollBack('mood', single(3));
  assert.deepEqual(store.previousPlan('mood'), single(1), 'the three plans of version 3 were one');
});

test('plans survive a restart, and go with their task', async (t) => {
  const { store, file } = await withVersions(t);
  await store.serve('mood', split);
  await store.close();
  const { store: again } = await temporaryStore(t, { file });
  assert.deepEqual(again.getTask('mood')!.serving, split);
  assert.deepEqual(again.previousPlan('mood'), single(1));
  assert.deepEqual(
    again.listAudit({ limit: 1 }).items.map(({ action, subject }) => [action, subject]),
    [['serving.change', JSON.stringify(split)]],
  );
  await again.deleteTask('mood');
  await again.addVersion(version('mood', 'a'), { activate: true });
  assert.equal(again.previousPlan('mood'), null);
});
