import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY, temporaryStore, version } from './temporary.ts';

test('recent tasks: those with an active version, by their last use, then by age', async (t) => {
  const { store } = await temporaryStore(t);
  for (const name of ['a', 'b', 'c', 'd']) {
    await store.addVersion(version(name, name));
    await store.activate(name, 1);
  }
  await store.putTask('empty', EMPTY);
  const names = (limit = 10) => store.recentTasks(limit).map(({ name }) => name);
  assert.deepEqual(new Set(names()), new Set(['a', 'b', 'c', 'd']));
  await store.recordUses(
    new Map([
      ['b', 1000],
      ['a', 3000],
      ['empty', 9000],
      ['gone', 9000],
    ]),
  );
  assert.deepEqual(names().slice(0, 2), ['a', 'b']);
  await store.recordUses(new Map([['b', 4000]]));
  assert.deepEqual(names(2), ['b', 'a']);
  assert.equal(names().length, 4);
  await store.deleteTask('b');
  assert.deepEqual(names(1), ['a']);
});
