import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { importModel } from '../../src/model/import.ts';
import { ggufNames, huggingFaceNames } from '../../src/model/source-names.ts';
import { copyOf, options, qwen2, rewriteJson } from './hf-model.ts';

test('a GGUF file names its repository, itself and its base models', () => {
  const metadata = new Map<string, string | number>([
    ['general.architecture', 'llama'],
    ['general.name', 'Tiny Llama'],
    ['general.repo_url', 'https://huggingface.co/me/tiny-llama-GGUF'],
    ['general.base_model.count', 1],
    ['general.base_model.0.name', 'Tiny'],
    ['general.base_model.0.repo_url', 'https://huggingface.co/example/Tiny/'],
    ['general.license', 'mit'],
  ]);
  assert.deepEqual(ggufNames(metadata), ['me/tiny-llama-GGUF', 'example/Tiny', 'Tiny Llama', 'Tiny']);
});

test('what is no name is passed over', () => {
  const urls = ['https://evil.example/a/b', 'https://huggingface.co/a', 'https://huggingface.co/../b', 'a/b'];
  for (const url of urls) assert.deepEqual(ggufNames(new Map([['general.repo_url', url]])), [], url);
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(201)]) {
    assert.deepEqual(ggufNames(new Map([['general.name', name]])), [], JSON.stringify(name));
  }
  for (const value of [undefined, null, 5, '', '/home/me/model', './model', 'C:\\model', 'a/b/c']) {
    assert.deepEqual(huggingFaceNames(value), [], String(value));
  }
  assert.deepEqual(huggingFaceNames('example/Tiny'), ['example/Tiny']);
});

test('an import keeps them after the given aliases', async (t) => {
  const source = copyOf(t, qwen2);
  rewriteJson(join(source, 'config.json'), { _name_or_path: 'example/Tiny' });
  const { manifest } = await importModel(options(t, { source, aliases: ['mine', 'example/Tiny'] }));
  assert.deepEqual(manifest.aliases, ['mine', 'example/Tiny']);
  const { manifest: own } = await importModel(options(t, { source }));
  assert.deepEqual(own.aliases, ['example/Tiny']);
});
