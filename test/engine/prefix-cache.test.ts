import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOfPlanes } from '../../src/engine/kv/kv.ts';
import { PrefixCache, type PrefixEntry } from '../../src/engine/kv/prefix-cache.ts';

function entry(key: string, length: number): PrefixEntry {
  const planes = [new Float32Array(length), new Float32Array(length)];
  return { key, view: viewOfPlanes(planes, length, length), lastRow: new Float32Array(1) };
}

/** 2 planes * 1 head * 1 dim * 4 bytes = 8 a position. */
const SHAPE = { planes: 2, heads: 1, dim: 1, element: 'float32' } as const;
const nobody = (): void => undefined;

test('the prefix cache keeps pinned and recent entries, and drops the oldest beyond its bytes', () => {
  const cache = new PrefixCache(SHAPE, 2 * 16 * 8 + 10);
  const add = (key: string): void => {
    assert.equal(cache.acquire(key, 16, nobody), true);
    cache.resolve(entry(key, 16));
  };
  add('pinned');
  for (const key of ['b', 'c']) {
    add(key);
    cache.release(key);
  }
  assert.equal(cache.stats().entries, 2, 'b was the oldest without a pin');
  assert.equal(cache.acquire('pinned', 16, nobody), false);
  assert.equal(cache.acquire('b', 16, nobody), true, 'b is gone');
  assert.deepEqual(cache.stats(), { entries: 2, bytes: 256, hits: 1, misses: 4, evictions: 2 });
});

test('there is room to pin what keeps the bound, what is pinned already, and always one', () => {
  const cache = new PrefixCache(SHAPE, 2 * 16 * 8);
  assert.equal(cache.hasRoomFor('huge', 1000), true);
  cache.acquire('a', 16, nobody);
  assert.equal(cache.hasRoomFor('b', 17), false, 'padded to 32 positions');
  assert.equal(cache.hasRoomFor('b', 16), true);
  cache.acquire('b', 16, nobody);
  assert.equal(cache.hasRoomFor('c', 1), false);
  assert.equal(cache.hasRoomFor('a', 16), true);
  cache.resolve(entry('a', 16));
  cache.release('a');
  assert.equal(cache.hasRoomFor('c', 1), true);
  cache.reject('b', new Error('no'));
  assert.equal(cache.hasRoomFor('huge', 1000), true);
});

test('everyone who waits for a prefix learns of its failure, and the next one tries anew', () => {
  const cache = new PrefixCache(SHAPE, 200);
  const seen: unknown[] = [];
  assert.equal(
    cache.acquire('x', 10, (result) => seen.push(result)),
    true,
  );
  assert.equal(
    cache.acquire('x', 10, (result) => seen.push(result)),
    false,
  );
  const error = new Error('no');
  cache.reject('x', error);
  assert.deepEqual(seen, [error, error]);
  assert.equal(
    cache.acquire('x', 10, () => undefined),
    true,
  );
});
