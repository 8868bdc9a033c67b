import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeResults } from '../../bench/report/results-file.ts';

test('a second run replaces the figures of the first and keeps the text around them', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-results-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'RESULTS.md');
  await writeFile(file, '# Results\n\nBefore.\n');
  await writeResults(file, 'first figures');
  await writeFile(file, `${await readFile(file, 'utf8')}\nAfter.\n`);
  await writeResults(file, 'second figures');
  const text = await readFile(file, 'utf8');
  assert.match(text, /Before\.[\s\S]*second figures[\s\S]*After\./);
  assert.doesNotMatch(text, /first figures/);
});
