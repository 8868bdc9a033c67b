import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { resolveModel } from '../../src/model/cache.ts';
import { type EmbeddedModel, openEmbedded } from '../../src/model/embedded.ts';
import { hasTrainableWeights } from '../../src/model/frozen-weights.ts';
import { hashFile } from '../../src/model/hash-files.ts';
import { loadTokenizer } from '../../src/model/tokenizer.ts';
import { fakeEmbeddedModel } from './embedded-model.ts';
import { tempDirectory } from './temp-directory.ts';

describe('the model in the package', () => {
  it('is whole, small, and can be learned on', async () => {
    const bundle = await openEmbedded();
    assert.ok(hasTrainableWeights(bundle.manifest));
    const bytes = Object.values(bundle.manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    assert.ok(bytes <= 12e6, `${bytes} bytes`);
    const text = 'Dear Ann, the meeting is at 10.';
    const tokenizer = await loadTokenizer(bundle);
    const { ids } = tokenizer.encode(text, { addSpecialTokens: false });
    assert.equal(tokenizer.decode(ids, { skipSpecialTokens: true }).trim(), text);
  });

  it('is what "embedded" means, in its own precision and with its own name', async (t) => {
    const embedded = await fakeEmbeddedModel(tempDirectory(t));
    const options = {
      home: '/absent',
      precision: 'float32',
      hubUrl: 'http://127.0.0.1:2',
      embedded,
    } as const;
    const { directory, manifest } = await resolveModel('embedded', options);
    assert.deepEqual([directory, manifest.id], [embedded.directory, 'tiny-embedded']);
    await resolveModel('embedded', { ...options, name: 'tiny-embedded' });
    const renamed = resolveModel('embedded', { ...options, name: 'mine' });
    await assert.rejects(renamed, { code: 'bundle_has_name', expected: 'tiny-embedded', given: 'mine' });
  });

  const damages: Readonly<Record<string, (file: string) => Promise<void>>> = {
    'is missing': (file) => rm(file),
    'was changed': (file) => appendFile(file, ' '),
    'was replaced by another of its size': (file) => writeFile(file, 'WEIGHTS'),
  };
  for (const [what, damage] of Object.entries(damages)) {
    for (const name of ['weights.bin', 'manifest.json']) {
      it(`is refused when ${name} ${what}, with both hashes`, async (t) => {
        const embedded = await fakeEmbeddedModel(tempDirectory(t));
        const file = join(embedded.directory, name);
        const { sha256: expected } = await hashFile(file);
        await damage(file);
        const given = what === 'is missing' ? 'no such file' : (await hashFile(file)).sha256;
        await refuses(embedded, {
          param: name,
          expected,
          given,
          message: new RegExp(`^${name} of the embedded`),
        });
      });
    }
  }

  it('is refused when a file and the manifest were changed together', async (t) => {
    const embedded = await fakeEmbeddedModel(tempDirectory(t));
    const other = await fakeEmbeddedModel(tempDirectory(t), 'another');
    await refuses({ ...embedded, directory: other.directory }, { param: 'manifest.json' });
  });
});

async function refuses(embedded: EmbeddedModel, expected: object): Promise<void> {
  await assert.rejects(openEmbedded(embedded), {
    kind: 'unprocessable',
    code: 'embedded_model_damaged',
    ...expected,
  });
}
