import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { toFloat32 } from '../../src/model/dequantize.ts';
import { importModel } from '../../src/model/import.ts';
import { type ConfigJson, modelToGguf, type NamedTensor, readTensors } from './gguf-model.ts';
import { GGML_TYPE, type GgufTensor } from './gguf-writer.ts';
import { copyOf, options } from './hf-model.ts';
import { refused } from './refused.ts';
import { tempDirectory } from './temp-directory.ts';

const llama = fileURLToPath(new URL('../fixtures/peft/llama/model', import.meta.url));
const config = JSON.parse(readFileSync(join(llama, 'config.json'), 'utf8')) as ConfigJson;
const tensors = readTensors(llama);

/** Q8_0 with powers of two as scales, which a half holds exactly. */
function toQ8(tensor: NamedTensor): NamedTensor {
  const values = toFloat32('F32', tensor.data);
  const data = Buffer.alloc((values.length / 32) * 34);
  for (let block = 0; block < values.length / 32; block++) {
    const part = values.subarray(32 * block, 32 * (block + 1));
    const exponent = Math.ceil(Math.log2(Math.max(...part.map(Math.abs)) / 127));
    data.writeUInt16LE((exponent + 15) << 10, 34 * block);
    for (const [i, value] of part.entries())
      data.writeInt8(Math.round(value / 2 ** exponent), 34 * block + 2 + i);
  }
  return { ...tensor, type: GGML_TYPE.Q8_0, data };
}

function write(t: TestContext, bytes: Uint8Array): string {
  const path = join(tempDirectory(t), 'model.gguf');
  writeFileSync(path, bytes);
  return path;
}

test('quantised matrices, permuted ones too, give the bundle of their values', async (t) => {
  const quantised = tensors.map((tensor) => (tensor.shape.length === 2 ? toQ8(tensor) : tensor));
  const directory = copyOf(t, llama);
  const values = quantised.map(({ name, shape, type, data }) => {
    const floats = toFloat32(type === GGML_TYPE.Q8_0 ? 'Q8_0' : 'F32', data);
    return { name, shape, dtype: 'F32', data: new Uint8Array(floats.buffer) } as const;
  });
  writeFileSync(join(directory, 'model.safetensors'), encodeSafetensors(values));

  const source = write(t, modelToGguf(config, quantised));
  const gguf = await importModel(options(t, { source }));
  const huggingFace = await importModel(options(t, { source: directory }));
  for (const name of [BUNDLE_FILES.weights, BUNDLE_FILES.embeddings, BUNDLE_FILES.graph]) {
    assert.deepEqual(gguf.manifest.files[name], huggingFace.manifest.files[name], name);
  }
  assert.deepEqual(gguf.manifest.tokens, { bos: 2, eos: [1] });
  assert.notEqual(gguf.manifest.hash, huggingFace.manifest.hash, 'the weight files differ');
});

const floats = (name: string, size: number): GgufTensor => ({
  name,
  shape: [size],
  type: GGML_TYPE.F32,
  data: new Uint8Array(4 * size),
});
const without = (name: string): readonly NamedTensor[] => tensors.filter((tensor) => tensor.name !== name);
const NORM = 'model.norm.weight';
const q8Norm = tensors.map((tensor) => (tensor.name === NORM ? toQ8(tensor) : tensor));
const file = modelToGguf(config, tensors);

const refusals: readonly (readonly [string, Uint8Array, string, string])[] = [
  ['a missing tensor', modelToGguf(config, without(NORM)), 'missing_tensor', NORM],
  [
    'no embedding table',
    modelToGguf(config, without('model.embed_tokens.weight')),
    'missing_tensor',
    'token_embd.weight',
  ],
  [
    'an unknown tensor',
    modelToGguf(config, tensors, [floats('blk.0.attn_sinks.weight', 16)]),
    'unexpected_tensor',
    'blk.0.attn_sinks.weight',
  ],
  [
    'a layer too many',
    modelToGguf(config, tensors, [floats('blk.9.attn_norm.weight', 64)]),
    'unexpected_tensor',
    'model.layers.9.input_layernorm.weight',
  ],
  ['a quantised norm', modelToGguf(config, q8Norm), 'unsupported_tensor_type', NORM],
  [
    'rotary factors of another length',
    modelToGguf(config, tensors, [floats('rope_freqs.weight', 4)]),
    'unsupported_config',
    'rope_freqs.weight',
  ],
  [
    'a width that the tensors do not have',
    modelToGguf({ ...config, intermediate_size: 128 }, tensors),
    'tensor_shape',
    'model.layers.0.mlp.gate_proj.weight',
  ],
  ['a file cut in half', file.subarray(0, file.length / 2), 'truncated_file', 'blk.0.ffn_up.weight'],
  ['a file that is not there', Buffer.alloc(0), 'missing_file', 'absent.gguf'],
];
for (const [what, bytes, code, param] of refusals) {
  test(`refused: ${what}`, async (t) => {
    const path = write(t, bytes);
    const source = code === 'missing_file' ? join(path, '..', param) : path;
    await assert.rejects(importModel(options(t, { source })), refused(code, param));
  });
}
