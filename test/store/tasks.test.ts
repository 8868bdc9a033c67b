import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskStore } from '../../src/domain/store.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryStore, version } from './temporary.ts';

test('a task is created, replaced and deleted', async (t) => {
  const { store } = await temporaryStore(t);
  assert.equal(store.getTask('mood'), null);
  const metadata = {
    description: 'Mood of a review — 気分',
    template: 'Review: {text}\nMood:',
    labels: [' good', ' bad'],
    defaults: { max_tokens: 3, temperature: 0, stop: ['\n'] },
  };
  const first = await store.putTask('mood', metadata);
  assert.equal(first.created, true);
  assert.deepEqual(store.getTask('mood'), first.task);
  const { description, template, labels, defaults } = first.task;
  assert.deepEqual({ description, template, labels, defaults }, metadata);

  await store.addVersion(version('mood', 'a'));
  await store.activate('mood', 1);
  const second = await store.putTask('mood', EMPTY);
  assert.equal(second.created, false);
  assert.deepEqual(
    { ...second.task, updatedAt: 0 },
    {
      ...EMPTY,
      name: 'mood',
      activeVersion: 1,
      serving: { type: 'version', version: 1, shadow: null },
      createdAt: first.task.createdAt,
      updatedAt: 0,
    },
  );
  assert.ok(second.task.updatedAt >= first.task.updatedAt);

  await store.deleteTask('mood');
  assert.equal(store.getTask('mood'), null);
  assert.equal(store.getVersion('mood', 1), null);
  await assert.rejects(store.deleteTask('mood'), refused('task_not_found', 'not_found'));
});

test('names that objects inherit are names like any other', async (t) => {
  const { store } = await temporaryStore(t);
  for (const name of ['constructor', 'tostring', 'hasownproperty']) {
    assert.equal(store.getTask(name), null);
    await store.putTask(name, EMPTY);
    assert.equal(store.getTask(name)?.name, name);
  }
  assert.equal(store.getTask('__proto__'), null);
});

test('illegal names are refused before anything is written', async (t) => {
  const { store } = await temporaryStore(t);
  for (const name of ['__proto__', 'A', '', 'a b', '-a', 'a'.repeat(65), "a'; DROP TABLE tasks; --", 'a\n']) {
    await assert.rejects(store.putTask(name, EMPTY), refused('invalid_task_name', 'invalid'), name);
    await assert.rejects(store.addVersion(version(name, 'a')), refused('invalid_task_name', 'invalid'), name);
  }
  assert.equal(store.countTasks(), 0);
});

async function pages(store: TaskStore, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  let after: string | null = '';
  while (after !== null) {
    const page = store.listTasks({ limit, ...(after !== '' && { after }) });
    found.push(page.items.map(({ name }) => name));
    after = page.next;
  }
  return found;
}

test('a page ends before its tasks are long together, and the next goes on behind it', async (t) => {
  const { store } = await temporaryStore(t);
  const long = (characters: number) => ({ ...EMPTY, template: 'x'.repeat(characters) });
  const [half, whole] = [2 ** 19, 2 ** 21];
  for (const [name, size] of Object.entries({ a: half, b: half - 10, c: 10, d: whole, e: whole, f: 1 })) {
    await store.putTask(name, long(size));
  }
  assert.deepEqual(await pages(store, 100), [['a', 'b'], ['c'], ['d'], ['e'], ['f']]);
  assert.deepEqual(await pages(store, 1), [['a'], ['b'], ['c'], ['d'], ['e'], ['f']]);
});

test('names are read without what else a task has', async (t) => {
  const { store } = await temporaryStore(t);
  for (const name of ['b', 'a', 'c']) await store.putTask(name, { ...EMPTY, template: 'x'.repeat(2 ** 20) });
  const [first, ...others] = store.listTaskNames('', 2);
  assert.deepEqual(first, { name: 'a', createdAt: store.getTask('a')!.createdAt });
  assert.deepEqual(
    [...others, ...store.listTaskNames('b', 2)].map(({ name }) => name),
    ['b', 'c'],
  );
});

test('tasks come in name order, page by page', async (t) => {
  const { store } = await temporaryStore(t);
  assert.deepEqual(store.listTasks({ limit: 2 }), { items: [], next: null });
  await Promise.all(['d', 'b', 'a-1', 'c', 'a'].map((name) => store.putTask(name, EMPTY)));
  assert.equal(store.countTasks(), 5);
  assert.deepEqual(await pages(store, 2), [['a', 'a-1'], ['b', 'c'], ['d']]);
  assert.deepEqual(await pages(store, 5), [['a', 'a-1', 'b', 'c', 'd']]);
  await store.deleteTask('b');
  assert.deepEqual(
    store.listTasks({ limit: 2, after: 'b' }).items.map(({ name }) => name),
    ['c', 'd'],
    'a cursor outlives its task',
  );
});
