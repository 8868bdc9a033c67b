import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOfPlanes } from '../../src/engine/kv/kv.ts';
import { PrefixCache, type PrefixEntry } from '../../src/engine/kv/prefix-cache.ts';
import { Scheduler, type SchedulerLimits, type WaitingItem } from '../../src/engine/scheduling/scheduler.ts';

interface Item extends WaitingItem {
  readonly name: string;
}

function item(name: string, remaining: number, overrides: Partial<Item> = {}): Item {
  return { name, remaining, ready: true, needsRow: true, finalLength: remaining + 10, ...overrides };
}

function scheduler(limits: Partial<SchedulerLimits> = {}): Scheduler<Item, { finalLength: number }> {
  return new Scheduler<Item, { finalLength: number }>({
    maxBatchSize: 4,
    readBudget: 100,
    interleavedReadBudget: 50,
    fits: () => true,
    ...limits,
  });
}

function names(plan: ReturnType<Scheduler<Item, { finalLength: number }>['plan']>): string {
  if (plan === null) return 'nothing';
  return plan.kind === 'decode' ? 'decode' : plan.items.map((one) => one.name).join(' ');
}

test('nothing to do', () => {
  assert.equal(names(scheduler().plan()), 'nothing');
});

test('reading and decoding take turns, and the budget is smaller while rows decode', () => {
  const plan = scheduler();
  plan.running.push({ finalLength: 20 });
  plan.waiting.push(item('long', 500));
  const first = plan.plan();
  assert.ok(first?.kind === 'read' && first.budget === 50);
  assert.deepEqual(
    [1, 2, 3].map(() => names(plan.plan())),
    ['decode', 'long', 'decode'],
  );
  plan.running.pop();
  const alone = plan.plan();
  assert.ok(alone?.kind === 'read' && alone.budget === 100);
});

test('the oldest is read first, with those near to it in length, within the budget and little padding', () => {
  const plan = scheduler({ maxBatchSize: 6 });
  plan.waiting.push(item('a', 20), item('b', 3), item('c', 22), item('d', 19), item('e', 21), item('f', 20));
  assert.equal(names(plan.plan()), 'a f d e');
});

test('a long input is read alone', () => {
  const plan = scheduler();
  plan.waiting.push(item('long', 100), item('short', 1));
  assert.equal(names(plan.plan()), 'long');
});

test('rows and memory bound admission; what needs no row is not held up', () => {
  const plan = scheduler({ fits: (rows, length) => rows * length <= 60 });
  plan.running.push({ finalLength: 15 }, { finalLength: 15 });
  plan.waiting.push(
    item('fits', 5, { finalLength: 20 }),
    item('too much', 5, { finalLength: 30 }),
    item('must not overtake', 5, { finalLength: 1 }),
    item('score', 5, { needsRow: false }),
  );
  assert.equal(names(plan.plan()), 'fits score');
});

test('an item whose prefix is missing keeps its turn and its row', () => {
  const plan = scheduler({ maxBatchSize: 1 });
  plan.waiting.push(item('first', 5, { ready: false }), item('second', 5));
  assert.equal(names(plan.plan()), 'nothing');
});

function entry(key: string, length: number): PrefixEntry {
  const planes = [new Float32Array(length), new Float32Array(length)];
  return { key, view: viewOfPlanes(planes, length, length), lastRow: new Float32Array(1) };
}

test('the prefix cache keeps pinned and recent entries, and evicts the oldest beyond its bytes', () => {
  // 2 planes * 1 head * 1 dim * 4 bytes = 8 a position, and 4 for the last row: 84 bytes an entry of 10.
  const cache = new PrefixCache({ planes: 2, heads: 1, dim: 1 }, 200);
  const add = (key: string): void => {
    assert.equal(
      cache.acquire(key, () => undefined),
      true,
    );
    cache.resolve(entry(key, 10));
  };
  add('pinned');
  for (const key of ['b', 'c']) {
    add(key);
    cache.release(key);
  }
  assert.equal(cache.stats().entries, 2, 'b was the oldest without a pin');
  assert.equal(
    cache.acquire('pinned', () => undefined),
    false,
  );
  assert.equal(
    cache.acquire('b', () => undefined),
    true,
    'b is gone',
  );
  assert.deepEqual(cache.stats(), { entries: 3, bytes: 168, hits: 1, misses: 4, evictions: 1 });
});

test('everyone who waits for a prefix learns of its failure, and the next one tries anew', () => {
  const cache = new PrefixCache({ planes: 2, heads: 1, dim: 1 }, 200);
  const seen: unknown[] = [];
  assert.equal(
    cache.acquire('x', (result) => seen.push(result)),
    true,
  );
  assert.equal(
    cache.acquire('x', (result) => seen.push(result)),
    false,
  );
  const error = new Error('no');
  cache.reject('x', error);
  assert.deepEqual(seen, [error, error]);
  assert.equal(
    cache.acquire('x', () => undefined),
    true,
  );
});
