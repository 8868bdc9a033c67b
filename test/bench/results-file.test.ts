import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeResults } from '../../bench/report/results-file.ts';

/** A path in a folder that is gone after the test. */
async function resultsFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-results-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'RESULTS.md');
}

test('a second run replaces the figures of the first and keeps the text around them', async (t) => {
  const file = await resultsFile(t);
  await writeFile(file, '# Results\n\nBefore.\n');
  await writeResults(file, 'serving', 'first figures');
  await writeFile(file, `${await readFile(file, 'utf8')}\nAfter.\n`);
  await writeResults(file, 'serving', 'second figures');
  const text = await readFile(file, 'utf8');
  assert.match(text, /Before\.[\s\S]*second figures[\s\S]*After\./);
  assert.doesNotMatch(text, /first figures/);
});

test('each half of the benchmark replaces its own section only, whichever stands first', async (t) => {
  for (const [first, second] of [
    ['serving', 'training'],
    ['training', 'serving'],
  ] as const) {
    const file = await resultsFile(t);
    await writeResults(file, first, `old ${first}`);
    await writeFile(file, `${await readFile(file, 'utf8')}\nBetween.\n`);
    await writeResults(file, second, `old ${second}`);
    await writeResults(file, first, `new ${first}`);
    const half = await readFile(file, 'utf8');
    assert.match(half, new RegExp(`new ${first}[\\s\\S]*Between\\.[\\s\\S]*old ${second}`));
    assert.doesNotMatch(half, new RegExp(`old ${first}`));
    await writeResults(file, second, `new ${second}`);
    const text = await readFile(file, 'utf8');
    assert.match(text, new RegExp(`new ${first}[\\s\\S]*Between\\.[\\s\\S]*new ${second}`));
    assert.doesNotMatch(text, /old/);
  }
});
