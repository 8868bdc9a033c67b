import assert from 'node:assert/strict';
import { it } from 'node:test';
import { limitsOfRows } from '../../src/domain/context.ts';
import { kvBytesPerPosition } from '../../src/engine/kv/kv.ts';
import { KvSlab } from '../../src/engine/kv/slab.ts';

it('the rows of an ensemble are as long as the memory of keys and values holds them, and no shorter', () => {
  const shape = { planes: 4, heads: 2, dim: 8, element: 'float32' } as const;
  const slab = new KvSlab(shape);
  const bytesPerPosition = kvBytesPerPosition(shape);
  for (const kvPositions of [64, 500, 1024, 5000, 23_301, 100_000]) {
    for (let rows = 2; rows <= 8; rows++) {
      const limits = { contextLength: 1e6, outputLength: null, kvPositions };
      const { contextLength } = limitsOfRows(limits, rows);
      const positions = (length: number) => slab.bytesFor(rows, length) / bytesPerPosition;
      const what = `${rows} rows of ${contextLength} in ${kvPositions}`;
      assert.ok(positions(contextLength) <= kvPositions, `${what} fit`);
      assert.ok(positions(contextLength + 1) > kvPositions, `${what} are the longest`);
    }
  }
  const small = { contextLength: 100, outputLength: 50, kvPositions: 5000 };
  assert.deepEqual(limitsOfRows(small, 8), small);
  const unknown = { ...small, kvPositions: null };
  assert.equal(limitsOfRows(unknown, 8), unknown);
});
