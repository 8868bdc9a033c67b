import assert from 'node:assert/strict';
import { it } from 'node:test';
import { groupTests } from '../../scripts/group-tests.ts';

const SOURCES: Readonly<Record<string, string>> = {
  'test/a/1.test.ts': "it('x', () => {});",
  'test/a/2.test.ts': "it('x', () => {});",
  'test/a/3.test.ts': 'afterEach(close);',
  'test/a/4.test.ts': "describe('x', () => {\n  beforeEach(open);\n});",
  'test/b/1.test.ts': "it('x', () => {});",
  'test/e2e/1.test.ts': "it('x', () => {});",
  'test/e2e/2.test.ts': "it('x', () => {});",
};

it('files of one directory share a process, unless they set something up for the whole of it', () => {
  const files = Object.keys(SOURCES);
  const options = { alone: ['test/e2e'], most: 2 };
  const { groups, single } = groupTests(files, (file) => SOURCES[file]!, options);
  assert.deepEqual(groups, [{ name: 'test-a-1', files: ['test/a/1.test.ts', 'test/a/2.test.ts'] }]);
  assert.deepEqual(single, [
    'test/a/3.test.ts',
    'test/e2e/1.test.ts',
    'test/e2e/2.test.ts',
    'test/a/4.test.ts',
    'test/b/1.test.ts',
  ]);
});
