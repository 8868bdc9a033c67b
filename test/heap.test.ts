import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from '../src/heap.ts';

const CHURN = fileURLToPath(new URL('support/churn.ts', import.meta.url));
const run = promisify(execFile);

/** The most bytes that a heap held under garbage. */
async function mostHeap(...args: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, ['--import', 'tsx', CHURN, ...args]);
  return Number(stdout);
}

test('a heap that is kept small holds less garbage than V8 would let it', async () => {
  const [usual, small] = await Promise.all([mostHeap(), mostHeap('small')]);
  assert.ok(small < 0.8 * usual, `${small} and ${usual} bytes`);
});

test('a collection frees what nobody holds', () => {
  let garbage: object[] | null = Array.from({ length: 500_000 }, (_, i) => ({ i }));
  const before = getHeapStatistics().used_heap_size;
  assert.equal(garbage.length, 500_000);
  garbage = null;
  collectGarbage();
  assert.ok(getHeapStatistics().used_heap_size < before - 10 * 2 ** 20);
});
