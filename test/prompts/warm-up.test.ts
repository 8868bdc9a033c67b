import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import { promptKey } from '../../src/domain/prompt.ts';
import { warmRecentTasks } from '../../src/prompts/warm-up.ts';
import { temporaryStore, version } from '../store/temporary.ts';
import { TINY } from './samples.ts';

/** Keys and values of one position, and how many positions a version of the tests takes with its padding. */
const POSITION_BYTES = 2 * TINY.numLayers * TINY.numKeyValueHeads * TINY.headDim * 4;
const POSITIONS = 3 + 16;

test('the prefixes of the most recently used tasks are computed, as far as the cache holds them', async (t) => {
  const { store } = await temporaryStore(t);
  const add = async (task: string, content: string, modelHash = TINY.hash): Promise<string> => {
    const added = await store.addVersion({ ...version(task, content), modelHash });
    await store.activate(task, added.version.version);
    return promptKey(added.version);
  };
  const old = await add('old', 'old');
  const recent = await add('recent', 'recent');
  await add('same', 'recent');
  await add('foreign', 'foreign', 'f'.repeat(64));
  const broken = await add('broken', 'broken');
  await add('beyond', 'beyond');
  const order = ['broken', 'foreign', 'recent', 'same', 'old', 'beyond'];
  await store.recordUses(new Map(order.map((task, i) => [task, 1000 - i])));

  const asked: string[] = [];
  const refusals: string[] = [];
  const stopping = new AbortController();
  const parts = {
    store,
    model: TINY,
    prefixCacheBytes: 3 * POSITIONS * POSITION_BYTES,
    signal: stopping.signal,
    engine: {
      async warm({ key, length }: { key: string; length: number }, priority?: string) {
        assert.deepEqual([length, priority], [3, 'batch']);
        asked.push(key);
        if (key === broken) throw new DomainError('unprocessable', 'not_finite', 'No.');
      },
    },
    onRefusal: (task: string) => refusals.push(task),
  };
  assert.equal(await warmRecentTasks(parts), 2);
  assert.deepEqual(asked, [broken, recent, old]);
  assert.deepEqual(refusals, ['broken']);
  stopping.abort();
  assert.equal(await warmRecentTasks(parts), 0);
});

test('of a task that serves with several versions all are computed, its shadow too', async (t) => {
  const { store } = await temporaryStore(t);
  const keys: string[] = [];
  for (const content of ['one', 'two', 'three', 'four']) {
    const added = await store.addVersion({ ...version('mood', content), modelHash: TINY.hash });
    keys.push(promptKey(added.version));
  }
  await store.serve('mood', { type: 'ensemble', versions: [4, 1], shadow: 2 });
  const asked: string[] = [];
  const warmed = await warmRecentTasks({
    store,
    model: TINY,
    prefixCacheBytes: 2 ** 30,
    signal: new AbortController().signal,
    engine: { warm: async ({ key }) => void asked.push(key) },
    onRefusal: (task) => assert.fail(task),
  });
  assert.equal(warmed, 3);
  assert.deepEqual(asked, [keys[3], keys[0], keys[1]]);
});
