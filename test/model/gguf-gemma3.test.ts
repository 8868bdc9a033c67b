import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { type GgufTensorFacts, parseGgufConfig } from '../../src/model/gguf-config.ts';
import type { GgufValue } from '../../src/model/gguf-types.ts';
import { importModel } from '../../src/model/import.ts';
import { type ConfigJson, modelToGguf, readTensors } from './gguf-model.ts';
import { copyOf, gemma3, options, rewriteJson } from './hf-model.ts';
import { refused } from './refused.ts';
import { tempDirectory } from './temp-directory.ts';

function writeGguf(t: TestContext): string {
  const config = JSON.parse(readFileSync(join(gemma3, 'config.json'), 'utf8')) as ConfigJson;
  const path = join(tempDirectory(t), 'model.gguf');
  writeFileSync(path, modelToGguf(config, readTensors(gemma3)));
  return path;
}

for (const precision of ['float32', 'float16', 'int8', 'int4'] as const) {
  test(`${precision}: both formats of one model give the same bundle`, async (t) => {
    // Files do not hold the attention scale: it follows from the number of layers, which is not 62.
    const directory = copyOf(t, gemma3);
    rewriteJson(join(directory, 'config.json'), { query_pre_attn_scalar: 16 });
    const huggingFace = await importModel(options(t, { source: directory, precision }));
    const gguf = await importModel(options(t, { source: writeGguf(t), precision }));
    assert.deepEqual(gguf.manifest.config, huggingFace.manifest.config);
    for (const name of [BUNDLE_FILES.weights, BUNDLE_FILES.embeddings, BUNDLE_FILES.graph]) {
      assert.deepEqual(gguf.manifest.files[name], huggingFace.manifest.files[name], name);
    }
  });
}

test('scales of norms are those of 1 + w, in float32', async (t) => {
  const { directory } = await importModel(options(t, { source: gemma3 }));
  const stored = readFileSync(join(directory, BUNDLE_FILES.weights));
  const norm = readTensors(gemma3).find(({ name }) => name === 'model.layers.0.input_layernorm.weight')!;
  // It is the first tensor of the file; a BF16 number is the upper half of a float32.
  const raw = new DataView(norm.data.buffer, norm.data.byteOffset);
  const upper = Uint32Array.from({ length: 32 }, (_, i) => raw.getUint16(2 * i, true) << 16);
  const expected = new Float32Array(upper.buffer).map((w) => 1 + w);
  assert.deepEqual(new Float32Array(Uint8Array.from(stored.subarray(0, 128)).buffer), expected);
  assert.ok(expected.some((gain) => gain < 1) && expected.some((gain) => gain > 1));
});

const metadata: Readonly<Record<string, GgufValue>> = {
  'general.architecture': 'gemma3',
  'gemma3.block_count': 7,
  'gemma3.context_length': 256,
  'gemma3.embedding_length': 96,
  'gemma3.feed_forward_length': 64,
  'gemma3.attention.head_count': 4,
  'gemma3.attention.head_count_kv': 2,
  'gemma3.attention.key_length': 16,
  'gemma3.attention.value_length': 16,
  'gemma3.attention.layer_norm_rms_epsilon': 1e-6,
  'gemma3.attention.sliding_window': 512,
  'gemma3.rope.freq_base': 1_000_000,
};

function parse(change: Readonly<Record<string, GgufValue>>, ropeFactors: readonly number[] | null = null) {
  const facts: GgufTensorFacts = { has: () => false, vocabSize: 384, ropeFactors };
  const config = parseGgufConfig(new Map(Object.entries({ ...metadata, ...change })), facts);
  assert.ok(config.architecture === 'gemma3');
  return config;
}

test("what a file leaves out is llama.cpp's", () => {
  const config = parse({});
  assert.deepEqual(config.localLayers, [true, true, true, true, true, false, true]);
  assert.equal(config.localWindow, 512);
  assert.deepEqual(config.rope, { type: 'default', theta: 1_000_000 });
  assert.deepEqual(config.localRope, { type: 'default', theta: 10_000 });
  assert.equal(config.queryPreAttnScalar, 16);
  assert.equal(config.tiedEmbeddings, true);
});

test('scaling is of the global layers; a base and a pattern can be given', () => {
  const config = parse({
    'gemma3.rope.scaling.type': 'linear',
    'gemma3.rope.scaling.factor': 8,
    'gemma3.rope.freq_base_swa': 20_000,
    'gemma3.attention.sliding_window_pattern': 2,
  });
  assert.deepEqual(config.rope, { type: 'linear', theta: 1_000_000, factor: 8 });
  assert.deepEqual(config.localRope, { type: 'default', theta: 20_000 });
  assert.deepEqual(config.localLayers, [true, false, true, false, true, false, true]);
});

test('without a window every layer is global', () => {
  assert.deepEqual(parse({ 'gemma3.attention.sliding_window': 0 }).localLayers, Array(7).fill(false));
});

test('the scale of 62 layers is that of the hidden width a head', () => {
  assert.equal(parse({ 'gemma3.block_count': 62 }).queryPreAttnScalar, 24);
});

const refusals: readonly (readonly [string, GgufValue])[] = [
  ['gemma3.final_logit_softcapping', 30],
  ['gemma3.attn_logit_softcapping', 50],
  ['gemma3.context_length', 2 ** 20],
  ['gemma3.block_count', 1e9],
  ['gemma3.attention.sliding_window', -1],
  ['gemma3.attention.sliding_window_pattern', 0],
  ['gemma3.rope.freq_base_swa', 0],
];
for (const [field, value] of refusals) {
  test(`refused: ${field} = ${value}`, () => {
    assert.throws(() => parse({ [field]: value }), refused('unsupported_config', field));
  });
}

test('refused: rotary factors, which llama.cpp does not read for this architecture', () => {
  assert.throws(() => parse({}, Array(8).fill(1)), refused('unsupported_config', 'rope_freqs.weight'));
});
