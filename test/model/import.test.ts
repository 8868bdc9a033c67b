import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUNDLE_FILES, type Bundle, openBundle } from '../../src/model/bundle.ts';
import { type ImportOptions, type ImportProgress, importModel } from '../../src/model/import.ts';
import { assertFreeSpace } from '../../src/model/import-directory.ts';
import { verifyBundle } from '../../src/model/verify.ts';
import { copyOf, options, qwen2, rewrite, rewriteJson } from './hf-model.ts';
import { refused } from './refused.ts';
import { tempDirectory } from './temp-directory.ts';

test('a bundle says what it holds and passes verification', async (t) => {
  const bundle = await importModel({ ...options(t), aliases: ['someone/tiny'] });
  await verifyBundle(bundle);
  const { manifest, directory } = bundle;
  // Only encoder-decoder models have a graph of their encoder.
  const names = Object.values(BUNDLE_FILES).filter((name) => name !== BUNDLE_FILES.encoder);
  assert.deepEqual(readdirSync(directory).sort(), names.sort());
  assert.deepEqual(manifest, (await openBundle(directory)).manifest);
  assert.equal(manifest.id, 'tiny');
  assert.deepEqual(manifest.aliases, ['someone/tiny']);
  assert.deepEqual(manifest.tokens, { bos: 2, eos: [1] });
  assert.equal(manifest.chatTemplate, readFileSync(join(qwen2, 'chat_template.jinja'), 'utf8'));
  assert.equal(manifest.source.files[0]!.name, 'model.safetensors');
  const tokenizer = readFileSync(join(directory, BUNDLE_FILES.tokenizer));
  assert.deepEqual(tokenizer, readFileSync(join(qwen2, 'tokenizer.json')));
});

test('the hash is that of the model: not of its precision or its file names', async (t) => {
  const hashOf = async (change: Partial<ImportOptions>): Promise<string> =>
    (await importModel(options(t, change))).manifest.hash;
  const hash = await hashOf({});
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(await hashOf({ precision: 'int8', id: 'other' }), hash);

  const otherWeights = copyOf(t, qwen2);
  rewrite(otherWeights, (tensor) =>
    tensor.name === 'model.norm.weight' ? { ...tensor, data: tensor.data.toReversed() } : tensor,
  );
  assert.notEqual(await hashOf({ source: otherWeights }), hash);
  const otherConfig = copyOf(t, qwen2);
  rewriteJson(join(otherConfig, 'config.json'), { rms_norm_eps: 1e-3 });
  assert.notEqual(await hashOf({ source: otherConfig }), hash);
});

test('progress covers the source, once hashed and once converted', async (t) => {
  const last = new Map<string, ImportProgress>();
  await importModel(
    options(t, {
      onProgress: (progress) => {
        assert.ok(progress.done > (last.get(progress.label)?.done ?? 0));
        last.set(progress.label, progress);
      },
    }),
  );
  assert.deepEqual([...last.keys()], ['hash source', 'convert weights']);
  for (const { done, total } of last.values()) assert.equal(done, total);
});

test('an import that fails, is aborted or finds the target leaves nothing', async (t) => {
  const source = copyOf(t, qwen2);
  rewrite(source, (tensor) =>
    tensor.name === 'lm_head.weight' ? { ...tensor, data: tensor.data.map(() => 0xff) } : tensor,
  );
  const failing = options(t, { source });
  await assert.rejects(importModel(failing), refused('not_finite', 'lm_head.weight'));
  assert.deepEqual(readdirSync(join(failing.target, '..')), []);

  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = options(t, {
    signal: controller.signal,
    onProgress: ({ label }) => label === 'convert weights' && controller.abort(reason),
  });
  await assert.rejects(importModel(aborted), reason);
  assert.deepEqual(readdirSync(join(aborted.target, '..')), []);

  const existing = options(t);
  mkdirSync(existing.target);
  await assert.rejects(importModel(existing), refused('target_exists', 'target', 'conflict'));
  assert.deepEqual(readdirSync(join(existing.target, '..')), ['bundle']);
});

test('what a killed import left is removed, a running one is left alone', async (t) => {
  const { target, ...rest } = options(t);
  const parent = join(target, '..');
  // No process has an id this large; the parent process of the tests runs.
  const [left, running] = [`.bundle.importing-${2 ** 30}-a`, `.bundle.importing-${process.ppid}-b`];
  for (const name of [left, running]) mkdirSync(join(parent, name));
  await importModel({ target, ...rest });
  assert.deepEqual(readdirSync(parent).sort(), [running, 'bundle'].sort());
});

test('a disk that is too small is refused with numbers', async (t) => {
  await assert.rejects(
    assertFreeSpace(tempDirectory(t), 2 ** 60),
    (error: { expected: number; given: number }) => {
      assert.equal(error.expected, 2 ** 60);
      assert.ok(error.given > 0 && error.given < 2 ** 60);
      return refused('disk_full', (error as { param?: string }).param, 'storage_full')(error);
    },
  );
});

test('verification names the damaged file', async (t) => {
  const damage = async (change: (bundle: Bundle) => void): Promise<void> => {
    const bundle = await importModel(options(t));
    change(bundle);
    await verifyBundle(bundle);
  };
  const flip = ({ directory }: Bundle): void => {
    const path = join(directory, BUNDLE_FILES.weights);
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
  };
  await assert.rejects(damage(flip), refused('bundle_damaged', BUNDLE_FILES.weights));
  const cut = ({ directory }: Bundle): void => writeFileSync(join(directory, BUNDLE_FILES.graph), 'x');
  await assert.rejects(damage(cut), refused('bundle_damaged', BUNDLE_FILES.graph));
  const remove = ({ directory }: Bundle): void => rmSync(join(directory, BUNDLE_FILES.tokenizer));
  await assert.rejects(damage(remove), refused('bundle_damaged', BUNDLE_FILES.tokenizer));
});
