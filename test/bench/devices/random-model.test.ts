import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeRandomModel } from '../../../bench/devices/random-model.ts';
import { parameters, type Shape } from '../../../bench/devices/shapes.ts';
import { BUNDLE_FILES } from '../../../src/model/bundle.ts';
import { importModel } from '../../../src/model/import.ts';
import { loadTokenizer } from '../../../src/model/tokenizer.ts';

const SHAPE: Shape = {
  id: 'small',
  title: 'small',
  layers: 2,
  hidden: 32,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  intermediate: 48,
  vocab: 500,
};

test('a random model is imported like any other, has the sizes of its shape, and a text for every token', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-random-model-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await writeRandomModel(SHAPE, directory);
  const target = join(directory, 'bundle');
  const bundle = await importModel({ source: directory, target, id: 'small', precision: 'float32' });
  const { config, files } = bundle.manifest;
  assert.equal(config.architecture, 'llama');
  assert.equal(config.numLayers, SHAPE.layers);
  assert.equal(config.tiedEmbeddings, true);
  const bytes = files[BUNDLE_FILES.weights]!.bytes + files[BUNDLE_FILES.embeddings]!.bytes;
  assert.equal(bytes, 4 * parameters(SHAPE));
  const tokenizer = await loadTokenizer(bundle);
  for (const id of [400, 499])
    assert.equal(tokenizer.decode([id], { skipSpecialTokens: false }), ` word${id}`);
});
