import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFloats } from '../../src/engine/read-floats.ts';

test('a file is read in chunks, whatever their size', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-floats-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'floats.bin');
  const floats = Float32Array.from({ length: 1000 }, (_, i) => i / 3);
  await writeFile(file, new Uint8Array(floats.buffer));
  for (const chunk of [7, 4000, 2 ** 20]) assert.deepEqual(await readFloats(file, chunk), floats);
});
