import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toFloat32 } from '../../src/model/dequantize.ts';
import { STORAGE, type StorageType } from '../../src/model/storage.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/gguf/quants.json', import.meta.url), 'utf8'),
) as Record<StorageType, { blocks: string; values: string }>;

for (const storage of Object.keys(STORAGE) as StorageType[]) {
  test(`${storage} dequantises bit for bit like ggml's reference`, () => {
    const expected = Buffer.from(recorded[storage].values, 'base64');
    const given = toFloat32(storage, Buffer.from(recorded[storage].blocks, 'base64'));
    assert.equal(given.length, 512);
    assert.deepEqual(Buffer.from(given.buffer), expected);
  });
}
