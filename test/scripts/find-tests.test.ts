import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { findTests } from '../../scripts/find-tests.ts';
import { inTemporaryDirectory } from '../cli/harness.ts';

it('test files are found at any depth', async () => {
  await inTemporaryDirectory(async (directory) => {
    await mkdir(join(directory, 'a', 'b', 'c'), { recursive: true });
    const tests = ['a/b/c/deep.test.ts', 'a/two.test.ts', 'one.test.ts'];
    for (const name of [...tests, 'a/helper.ts', 'a/b/test.ts']) await writeFile(join(directory, name), '');
    assert.deepEqual(
      findTests(directory),
      tests.map((name) => join(directory, name)),
    );
  });
});

it('this file is one of them', () => {
  assert.ok(findTests('test').includes(join('test', 'scripts', 'find-tests.test.ts')));
});
