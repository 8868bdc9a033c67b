import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { configurationPage } from '../../scripts/configuration.ts';
import { settings } from '../../src/config.ts';

it('docs/configuration.md is up to date (npm run docs) and names every setting', async () => {
  const page = configurationPage();
  assert.equal(await readFile('docs/configuration.md', 'utf8'), page);
  assert.equal(page.split('\n').filter((line) => line.startsWith('| `--')).length, settings.length);
  for (const flag of ['--input-cache-bytes', '--queue-timeout-ms']) assert.ok(page.includes(flag), flag);
});
