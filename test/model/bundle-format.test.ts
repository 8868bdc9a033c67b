import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUNDLE_FILES, openBundle } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { tempDirectory } from './temp-directory.ts';

/** What services read that know no float16; they check nothing else of a manifest. */
const FORMAT_BEFORE_FLOAT16 = 4;

test('a service that knows no float16 refuses its bundles, and opens all others as before', async (t) => {
  const home = tempDirectory(t);
  for (const precision of ['float32', 'int8', 'int4', 'float16'] as const) {
    const target = join(home, precision);
    const { manifest } = await importModel({
      source: join(RECORDINGS, 'llama', 'model'),
      target,
      id: 'llama',
      precision,
    });
    assert.equal(manifest.format === FORMAT_BEFORE_FLOAT16, precision !== 'float16', precision);
    assert.deepEqual((await openBundle(target)).manifest, manifest);
    for (const format of [3, 4, 5, 6, undefined]) {
      if (format === manifest.format) continue;
      await writeFile(join(target, BUNDLE_FILES.manifest), JSON.stringify({ ...manifest, format }));
      const refusal = { code: 'bundle_format', expected: manifest.format, given: format };
      await assert.rejects(openBundle(target), refusal);
    }
  }
  assert.equal(
    JSON.parse(await readFile('models/embedded/bundle/manifest.json', 'utf8')).format,
    FORMAT_BEFORE_FLOAT16,
  );
});
