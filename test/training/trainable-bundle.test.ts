import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Precision } from '../../src/domain/model.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';
import { trainableBundle } from '../../src/training/jobs/trainable-bundle.ts';
import { tempDirectory } from '../model/temp-directory.ts';
import { RECORDINGS } from '../support/recordings.ts';

function homeOf(t: TestContext) {
  const home = tempDirectory(t);
  mkdirSync(join(home, 'bundles'));
  const add = (family: string, precision: Precision) =>
    importModel({
      source: join(RECORDINGS, family, 'model'),
      target: join(home, 'bundles', `${family}-${precision}`),
      id: family,
      precision,
    });
  return { home, add };
}

test('what serves is learned on when its weights allow that, and a float32 bundle of it before that', async (t) => {
  const { home, add } = homeOf(t);
  const served = await add('llama', 'int8');
  await add('qwen2', 'float32');
  assert.equal((await trainableBundle(served, home)).directory, served.directory);
  const exact = await add('llama', 'float32');
  assert.equal((await trainableBundle(served, home)).directory, exact.directory);
});

test('float16, blocks of int4, and the bytes of an encoder-decoder need a float32 bundle beside them', async (t) => {
  const { home, add } = homeOf(t);
  for (const [family, precision] of [
    ['llama', 'int4'],
    ['qwen2', 'float16'],
    ['t5', 'int8'],
  ] as const) {
    const served = await add(family, precision);
    const refused = { kind: 'unprocessable', code: 'float32_bundle_missing', given: precision };
    await assert.rejects(trainableBundle(served, home), refused);
    await assert.rejects(readFrozenWeights(served), { code: 'precision_not_trainable', given: precision });
    const exact = await add(family, 'float32');
    assert.equal((await trainableBundle(served, home)).directory, exact.directory);
  }
});
