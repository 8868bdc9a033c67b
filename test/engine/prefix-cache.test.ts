import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOfPlanes } from '../../src/engine/kv/kv.ts';
import { PrefixCache, type PrefixEntry } from '../../src/engine/kv/prefix-cache.ts';

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
