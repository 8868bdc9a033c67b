import assert from 'node:assert/strict';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gguf } from '@huggingface/gguf';
import { DomainError } from '../../src/domain/errors.ts';
import { readGgufHeader } from '../../src/model/gguf-header.ts';
import type { GgufHeader } from '../../src/model/gguf-types.ts';
import { encodeGguf, GGML_TYPE, type GgufFile } from './gguf-writer.ts';
import { tempDirectory } from './temp-directory.ts';

const file: GgufFile = {
  metadata: [
    ['general.architecture', ['string', 'llama']],
    ['llama.block_count', ['uint32', 2]],
    ['llama.attention.layer_norm_rms_epsilon', ['float32', 1e-5]],
    ['tokenizer.ggml.add_bos_token', ['bool', true]],
    ['tokenizer.ggml.tokens', ['array', 'string', ['a', 'ü', '']]],
    ['tokenizer.ggml.token_type', ['array', 'int32', [1, 3, 1]]],
    ['general.size', ['uint64', 2 ** 40]],
  ],
  tensors: [
    { name: 'norm', shape: [3], type: GGML_TYPE.F32, data: Buffer.from(Float32Array.of(1, 2, 3).buffer) },
    { name: 'weight', shape: [2, 64], type: GGML_TYPE.Q8_0, data: Buffer.alloc(4 * 34, 7) },
  ],
};

function read(t: TestContext, bytes: Uint8Array): GgufHeader {
  const path = join(tempDirectory(t), 'model.gguf');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  try {
    return readGgufHeader(fd, statSync(path).size);
  } finally {
    closeSync(fd);
  }
}

test('metadata and tensors come out with their types, shapes and places', (t) => {
  const bytes = encodeGguf(file);
  const { metadata, tensors } = read(t, bytes);
  assert.deepEqual(Object.fromEntries(metadata), {
    'general.architecture': 'llama',
    'llama.block_count': 2,
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.ggml.tokens': ['a', 'ü', ''],
    'tokenizer.ggml.token_type': [1, 3, 1],
    'general.size': 2 ** 40,
  });
  assert.deepEqual(
    tensors.map(({ offset, ...rest }) => rest),
    [
      { name: 'norm', shape: [3], storage: 'F32' },
      { name: 'weight', shape: [2, 64], storage: 'Q8_0' },
    ],
  );
  assert.equal(bytes.readFloatLE(tensors[0]!.offset + 8), 3);
  assert.equal(tensors[1]!.offset, tensors[0]!.offset + 32);
});

test('an independent reader sees the same header', async (t) => {
  const path = join(tempDirectory(t), 'model.gguf');
  const bytes = encodeGguf(file);
  writeFileSync(path, bytes);
  const theirs = await gguf(path, { allowLocalFile: true });
  const ours = read(t, bytes);
  const tokens = 'tokenizer.ggml.tokens';
  assert.deepEqual((theirs.metadata as Record<string, unknown>)[tokens], ours.metadata.get(tokens));
  assert.deepEqual(
    theirs.tensorInfos.map(({ name, shape, offset }) => [
      name,
      shape.map(Number).reverse(),
      Number(theirs.tensorDataOffset + offset),
    ]),
    ours.tensors.map(({ name, shape, offset }) => [name, shape, offset]),
  );
});

test('a header larger than the read window is read whole', (t) => {
  const tokens = Array.from({ length: 200_000 }, (_, i) => `token ${i}`);
  const { metadata } = read(
    t,
    encodeGguf({ metadata: [['tokens', ['array', 'string', tokens]]], tensors: [] }),
  );
  assert.deepEqual(metadata.get('tokens'), tokens);
});

const valid = encodeGguf(file);
const [norm, weight] = file.tensors as [GgufFile['tensors'][0], GgufFile['tensors'][0]];
const tensorFile = (...tensors: GgufFile['tensors']): Buffer => encodeGguf({ metadata: [], tensors });
const entryFile = (...metadata: GgufFile['metadata']): Buffer => encodeGguf({ metadata, tensors: [] });
const patched = (at: number, byte: number): Buffer => {
  const copy = Buffer.from(valid);
  copy[at] = byte;
  return copy;
};

const refusals: readonly (readonly [string, Buffer, string, string])[] = [
  ['an empty file', Buffer.alloc(0), 'truncated_file', 'magic'],
  ['another magic', patched(0, 0x50), 'not_gguf', 'magic'],
  ['version 1', encodeGguf({ ...file, version: 1 }), 'unsupported_gguf', 'version'],
  ['a version to come', encodeGguf({ ...file, version: 4 }), 'unsupported_gguf', 'version'],
  ['big-endian', encodeGguf({ ...file, version: 0x03000000 }), 'unsupported_gguf', 'version'],
  ['an absurd tensor count', encodeGguf({ ...file, tensorCount: 2n ** 60n }), 'corrupt_gguf', 'header'],
  ['an absurd entry count', encodeGguf({ ...file, entryCount: 2n ** 40n }), 'corrupt_gguf', 'header'],
  ['a header that ends early', valid.subarray(0, 60), 'corrupt_gguf', 'header'],
  [
    'a value that ends early',
    entryFile(['key', ['uint32', 7]]).subarray(0, 24 + 8 + 3 + 4 + 2),
    'truncated_file',
    'key',
  ],
  ['a string longer than the file', patched(24, 0xff), 'corrupt_gguf', 'metadata key 0'],
  ['invalid UTF-8', patched(32, 0xff), 'corrupt_gguf', 'metadata key 0'],
  ['an unknown value type', patched(24 + 8 + 20, 99), 'corrupt_gguf', 'general.architecture'],
  ['a key twice', entryFile(['key', ['bool', true]], ['key', ['bool', true]]), 'corrupt_gguf', 'key'],
  [
    'a bool of 2',
    patched(valid.indexOf('add_bos_token') + 'add_bos_token'.length + 4, 2),
    'corrupt_gguf',
    'tokenizer.ggml.add_bos_token',
  ],
  ['an array of arrays', entryFile(['key', ['array', 'array', []]]), 'corrupt_gguf', 'key'],
  ['an alignment of 0', entryFile(['general.alignment', ['uint32', 0]]), 'corrupt_gguf', 'general.alignment'],
  [
    'an alignment of 48',
    entryFile(['general.alignment', ['uint32', 48]]),
    'corrupt_gguf',
    'general.alignment',
  ],
  ['a tensor name twice', tensorFile(norm, norm), 'corrupt_gguf', 'norm'],
  [
    'a type that cannot be read',
    tensorFile({ ...weight, type: GGML_TYPE.IQ4_XS }),
    'unsupported_tensor_type',
    'weight',
  ],
  ['a type that does not exist', tensorFile({ ...weight, type: 99 }), 'unsupported_tensor_type', 'weight'],
  ['rows of half blocks', tensorFile({ ...weight, shape: [4, 40] }), 'corrupt_gguf', 'weight'],
  ['a tensor that is not aligned', tensorFile(norm, { ...weight, offset: 16 }), 'corrupt_gguf', 'weight'],
  ['tensors that overlap', tensorFile(norm, { ...weight, offset: 0 }), 'corrupt_gguf', 'weight'],
  ['a hole', tensorFile(norm, { ...weight, offset: 64 }), 'corrupt_gguf', 'weight'],
  ['an offset beyond 2^53', tensorFile({ ...norm, offset: 2 ** 60 }), 'corrupt_gguf', 'norm'],
  ['an absurd shape', tensorFile({ ...norm, shape: [2 ** 40, 2 ** 40] }), 'corrupt_gguf', 'norm'],
  ['an empty axis', tensorFile({ ...norm, shape: [0] }), 'corrupt_gguf', 'norm'],
  ['five dimensions', tensorFile({ ...norm, shape: [1, 1, 1, 1, 3] }), 'corrupt_gguf', 'norm'],
  ['data cut by one byte', tensorFile(norm, weight).subarray(0, -25), 'truncated_file', 'weight'],
];

for (const [what, bytes, code, param] of refusals) {
  test(`refused: ${what}`, (t) => {
    assert.throws(
      () => read(t, bytes),
      (error: unknown) => {
        assert.ok(error instanceof DomainError, String(error));
        assert.deepEqual(
          [error.kind, error.code, error.param],
          ['unprocessable', code, param],
          error.message,
        );
        return true;
      },
    );
  });
}

test('no cut and no changed byte of the header leads to anything but a refusal or a header', (t) => {
  const headerBytes = valid.indexOf('weight') + 40;
  const accept = (bytes: Uint8Array): void => {
    try {
      read(t, bytes);
    } catch (error) {
      assert.ok(error instanceof DomainError, String(error));
    }
  };
  for (let length = 0; length < headerBytes; length += 3) accept(valid.subarray(0, length));
  for (let at = 0; at < headerBytes; at += 2) accept(patched(at, 0xff));
});

test('an unsupported type is named', (t) => {
  assert.throws(() => read(t, tensorFile({ ...weight, type: GGML_TYPE.IQ4_XS })), /weight has type IQ4_XS/);
});
