import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawRows, jsonLines, readRows } from '../../bench/training/rows.ts';

const ROWS = Array.from({ length: 30 }, (_, i) => ({ text: `text ${i}`, label: `label ${i % 3}` }));

test('rows are read as they are written, and a wrong line is named', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-rows-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'train.jsonl');
  await writeFile(file, `${jsonLines(ROWS)}\n`);
  assert.deepEqual(await readRows(file), ROWS);
  for (const wrong of ['{"text": "no label"}', '{"text": 1, "label": "x"}', 'null', '[]', 'text']) {
    await writeFile(file, jsonLines(ROWS.slice(0, 2)) + wrong);
    await assert.rejects(readRows(file), (error: Error) => error.message.includes(`train.jsonl:3 must be`));
  }
});

test('a seed draws the same rows every time, each once', () => {
  const drawn = drawRows(ROWS, 10, 1);
  assert.deepEqual(drawn, drawRows(ROWS, 10, 1));
  assert.notDeepEqual(drawn, drawRows(ROWS, 10, 2));
  assert.notDeepEqual(drawn, ROWS.slice(0, 10));
  assert.equal(new Set(drawn).size, 10);
  assert.equal(drawRows(ROWS, 100, 1).length, ROWS.length);
});
