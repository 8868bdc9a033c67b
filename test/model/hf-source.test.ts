import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SafetensorsInput } from '../../src/formats/safetensors.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { copyOf, gpt2, options, phi3, qwen2, rewrite, rewriteJson, sharded } from './hf-model.ts';
import { refused } from './refused.ts';

test('eos ids: generation_config.json goes before config.json', async (t) => {
  const source = copyOf(t, qwen2);
  rewriteJson(join(source, 'generation_config.json'), { eos_token_id: [5, 7] });
  assert.deepEqual((await importModel(options(t, { source }))).manifest.tokens.eos, [5, 7]);
  rmSync(join(source, 'generation_config.json'));
  rewriteJson(join(source, 'config.json'), { eos_token_id: 9 });
  assert.deepEqual((await importModel(options(t, { source }))).manifest.tokens.eos, [9]);
  rewriteJson(join(source, 'config.json'), { eos_token_id: 384 });
  await assert.rejects(importModel(options(t, { source })), refused('unsupported_config', 'eos_token_id'));
});

test('without chat_template.jinja the template of tokenizer_config.json counts', async (t) => {
  const source = copyOf(t, qwen2);
  rmSync(join(source, 'chat_template.jinja'));
  const templateOf = async (chat_template: unknown): Promise<string | null> => {
    rewriteJson(join(source, 'tokenizer_config.json'), { chat_template });
    return (await importModel(options(t, { source }))).manifest.chatTemplate;
  };
  assert.equal(await templateOf('one'), 'one');
  assert.equal(
    await templateOf([
      { name: 'tools', template: 'a' },
      { name: 'default', template: 'b' },
    ]),
    'b',
  );
  assert.equal(await templateOf(null), null);
  await assert.rejects(templateOf(7), refused('unsupported_config', 'chat_template'));
});

const vector = (name: string): SafetensorsInput => ({
  name,
  dtype: 'F32',
  shape: [2],
  data: new Uint8Array(8),
});
const drop =
  (name: string) =>
  (tensor: SafetensorsInput): SafetensorsInput | null =>
    tensor.name === name ? null : tensor;
const keep = (tensor: SafetensorsInput): SafetensorsInput => tensor;

test('buffers that the configuration implies, and a head that is tied, are ignored', async (t) => {
  const source = copyOf(t, qwen2);
  rewrite(source, keep, [vector('model.layers.0.self_attn.rotary_emb.inv_freq')]);
  rewriteJson(join(source, 'config.json'), { tie_word_embeddings: true });
  assert.equal((await importModel(options(t, { source }))).manifest.config.tiedEmbeddings, true);
});

test('gpt2: names without the prefix of the language model, and its mask buffers, are known', async (t) => {
  const source = copyOf(t, gpt2);
  const before = await importModel(options(t, { source }));
  const strip = (tensor: SafetensorsInput): SafetensorsInput => ({
    ...tensor,
    dtype: 'F32',
    name: tensor.name.replace('transformer.', ''),
  });
  rewrite(source, strip, [vector('h.0.attn.bias'), vector('h.0.attn.masked_bias')]);
  const { manifest } = await importModel(options(t, { source }));
  assert.deepEqual(manifest.files[BUNDLE_FILES.weights], before.manifest.files[BUNDLE_FILES.weights]);
});

test('a tensor without dimensions is refused like any other that is not of the model', async (t) => {
  const source = copyOf(t, qwen2);
  rewrite(source, keep, [{ name: 'scale', dtype: 'F32', shape: [], data: new Uint8Array(4) }]);
  await assert.rejects(importModel(options(t, { source })), refused('unexpected_tensor', 'scale'));
});

test('phi3: a joined layer must have the rows of its parts, no fewer and no more', async (t) => {
  const name = 'model.layers.0.self_attn.qkv_proj.weight';
  for (const rows of [127, 129]) {
    const source = copyOf(t, phi3);
    rewrite(source, (tensor) =>
      tensor.name === name
        ? { ...tensor, dtype: 'F16', shape: [rows, 64], data: new Uint8Array(2 * rows * 64) }
        : { ...tensor, dtype: 'F16' },
    );
    await assert.rejects(importModel(options(t, { source })), refused('tensor_shape', name));
  }
});

const K_BIAS = 'model.layers.1.self_attn.k_proj.bias';
const broken: readonly (readonly [string, (directory: string) => void, string, string])[] = [
  ['no config.json', (d) => rmSync(join(d, 'config.json')), 'missing_file', 'config.json'],
  [
    'config.json that is a list',
    (d) => writeFileSync(join(d, 'config.json'), '[]'),
    'invalid_json',
    'config.json',
  ],
  [
    'config.json that ends early',
    (d) => writeFileSync(join(d, 'config.json'), '{"a"'),
    'invalid_json',
    'config.json',
  ],
  ['no tokenizer.json', (d) => rmSync(join(d, 'tokenizer.json')), 'missing_file', 'tokenizer.json'],
  ['no weights', (d) => rmSync(join(d, 'model.safetensors')), 'missing_file', 'model.safetensors'],
  [
    'weights cut short',
    (d) => cut(join(d, 'model.safetensors')),
    'safetensors_offset_out_of_range',
    'model.norm.weight',
  ],
  [
    'an empty weight file',
    (d) => writeFileSync(join(d, 'model.safetensors'), ''),
    'safetensors_too_short',
    'header',
  ],
  ['a missing tensor', (d) => rewrite(d, drop(K_BIAS)), 'missing_tensor', K_BIAS],
  ['an unknown tensor', (d) => rewrite(d, keep, [vector('extra')]), 'unexpected_tensor', 'extra'],
  ['a tensor of another shape', (d) => rewrite(d, drop(K_BIAS), [vector(K_BIAS)]), 'tensor_shape', K_BIAS],
  [
    'a tensor of another type',
    (d) => rewrite(d, drop(K_BIAS), [{ ...vector(K_BIAS), dtype: 'I32' }]),
    'unsupported_tensor_type',
    K_BIAS,
  ],
  [
    'more layers in config.json than there are',
    (d) => rewriteJson(join(d, 'config.json'), { num_hidden_layers: 1e12, layer_types: undefined }),
    'missing_tensor',
    'model.layers.2.input_layernorm.weight',
  ],
];

function cut(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -1));
}

for (const [what, damage, code, param] of broken) {
  test(`refused: ${what}`, async (t) => {
    const source = copyOf(t, qwen2);
    damage(source);
    await assert.rejects(importModel(options(t, { source })), refused(code, param));
  });
}

const INDEX = 'model.safetensors.index.json';
const weightMap = JSON.parse(readFileSync(join(sharded, INDEX), 'utf8')) as {
  weight_map: Record<string, string>;
};
const brokenIndexes: readonly (readonly [string, Record<string, unknown> | null, string, string])[] = [
  ['no weight_map', null, 'invalid_index', 'weight_map'],
  [
    'a file outside the directory',
    { 'model.norm.weight': '../model.safetensors' },
    'invalid_index',
    'model.norm.weight',
  ],
  [
    'a file that is not there',
    { 'model.norm.weight': 'model-9.safetensors' },
    'missing_file',
    'model-9.safetensors',
  ],
  [
    'a tensor in another file',
    { 'model.norm.weight': 'model-00001-of-00003.safetensors' },
    'invalid_index',
    'model.norm.weight',
  ],
  ['a tensor that no file has', { extra: 'model-00001-of-00003.safetensors' }, 'missing_tensor', 'extra'],
];
for (const [what, change, code, param] of brokenIndexes) {
  test(`refused: an index with ${what}`, async (t) => {
    const source = copyOf(t, sharded);
    const weight_map = change === null ? null : { ...weightMap.weight_map, ...change };
    writeFileSync(join(source, INDEX), JSON.stringify({ weight_map }));
    await assert.rejects(importModel(options(t, { source })), refused(code, param));
  });
}
