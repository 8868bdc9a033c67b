import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import ort from 'onnxruntime-node';
import type { LinearWeight } from '../../src/families/decoder.ts';
import { applyLinear } from '../../src/families/linear.ts';
import { createGraph, encodeModel, input } from '../../src/graph/index.ts';
import { toFloat32 } from '../../src/model/dequantize.ts';
import { halfToFloat, toHalves } from '../../src/model/half.ts';
import { HashedFile } from '../../src/model/hashed-file.ts';
import { type LinearForm, linearForm } from '../../src/model/precision.ts';
import { STORAGE, type StorageType } from '../../src/model/storage.ts';
import { storeLinear } from '../../src/model/store-linear.ts';
import { TensorFile } from '../../src/model/tensor-file.ts';
import { randomNumbers } from '../families/weight-file.ts';
import { floats, runSession, sessionOptions } from '../graph/run-graph.ts';
import { refused } from './refused.ts';
import { tempDirectory } from './temp-directory.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/gguf/quants.json', import.meta.url), 'utf8'),
) as Record<StorageType, { blocks: string }>;

const ROWS = 6;
const COLUMNS = 512;

/** [6, 512] weights of a storage type: blocks with any codes, and scales of ordinary size. */
function stored(storage: StorageType): Uint8Array {
  const random = randomNumbers(5);
  if (storage === 'F32') {
    return new Uint8Array(Float32Array.from({ length: ROWS * COLUMNS }, () => random()).buffer);
  }
  // The first recorded blocks hold the smallest and the largest scale: the others are repeated.
  const { bytes } = STORAGE[storage];
  const blocks = Buffer.from(recorded[storage].blocks, 'base64');
  const ordinary = storage.endsWith('_K') ? halved(blocks, storage) : blocks.subarray(2 * bytes);
  const size = (ROWS * COLUMNS * bytes) / STORAGE[storage].elements;
  return Uint8Array.from({ length: size }, (_, i) => ordinary[i % ordinary.length]!);
}

/** Recorded K blocks come in twos, with those two scales: both get 0.01 (0x211f) instead. */
function halved(blocks: Buffer, storage: StorageType): Buffer {
  const copy = Buffer.from(blocks);
  for (let at = 0; at < copy.length; at += STORAGE[storage].bytes) {
    for (const offset of storage === 'Q6_K' ? [208] : [0, 2]) copy.writeUInt16LE(0x211f, at + offset);
  }
  return copy;
}

/** Stores the weight in two blocks of rows, runs y = x W^T with x = identity, and returns W as it multiplies. */
async function storedAndMultiplied(
  t: TestContext,
  storage: StorageType,
  form: LinearForm,
): Promise<{ linear: LinearWeight; product: number[]; values: Float32Array }> {
  const directory = tempDirectory(t);
  const bytes = stored(storage);
  const rowBytes = bytes.length / ROWS;
  async function* blocks() {
    yield { start: 0, bytes: bytes.subarray(0, 4 * rowBytes) };
    yield { start: 4, bytes: bytes.subarray(4 * rowBytes) };
  }
  const file = await HashedFile.create(join(directory, 'weights.bin'));
  const tensor = { name: 'layer.weight', shape: [ROWS, COLUMNS], storage };
  const linear = await storeLinear(new TensorFile('weights.bin', file), tensor, form, blocks());
  await file.finish();

  const x = input('x', 'float32', ['rows', COLUMNS]);
  const y = applyLinear(x, { name: 'layer', inSize: COLUMNS, outSize: ROWS, weight: linear, bias: null });
  writeFileSync(join(directory, 'layer.onnx'), encodeModel(createGraph([x], { y })));
  const session = await ort.InferenceSession.create(join(directory, 'layer.onnx'), sessionOptions);
  const identity = Float32Array.from({ length: COLUMNS ** 2 }, (_, i) => (i % (COLUMNS + 1) === 0 ? 1 : 0));
  const outputs = await runSession(session, { x: floats([COLUMNS, COLUMNS], identity) });
  await session.release();
  const transposed = outputs.y!.data;
  const product = Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    return transposed[(i % COLUMNS) * ROWS + Math.floor(i / COLUMNS)]!;
  });
  return { linear, product, values: toFloat32(storage, bytes) };
}

function assertClose(given: readonly number[], expected: Float32Array, relative: number): void {
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(given[i]! - value) <= relative * largest, `element ${i}: ${given[i]} for ${value}`);
  }
}

const LOSSLESS = { Q4_0: 4, Q4_1: 4, Q4_K: 4, Q5_0: 8, Q5_1: 8, Q8_0: 8, Q6_K: 8 } as const;
for (const [storage, bits] of Object.entries(LOSSLESS) as [keyof typeof LOSSLESS, 4 | 8][]) {
  test(`${storage} blocks multiply as ${bits}-bit MatMulNBits without loss`, async (t) => {
    const form = linearForm('int4', 'layer', storage, COLUMNS);
    const { linear, product, values } = await storedAndMultiplied(t, storage, form);
    assert.ok(linear.format === 'blockwise' && linear.bits === bits);
    assertClose(product, values, 1e-6);
  });
}

test('float weights multiply as they are in float32', async (t) => {
  const { product, values } = await storedAndMultiplied(t, 'F32', { format: 'float32' });
  assert.deepEqual(product, [...values]);
});

test('float weights multiply as the nearest numbers of float16', async (t) => {
  const { linear, product, values } = await storedAndMultiplied(t, 'F32', { format: 'float16' });
  assert.ok(linear.format === 'float16' && linear.weight.bytes === 2 * ROWS * COLUMNS);
  assert.deepEqual(product, Array.from(toHalves(values), halfToFloat));
});

const FLOAT_FORMS: readonly (readonly [string, LinearForm, number])[] = [
  ['rowwise int8', { format: 'rowwise-int8', hasResidual: false }, 0.5 / 127],
  ['rowwise int8 with residuals', { format: 'rowwise-int8', hasResidual: true }, 1 / 256 / 127 + 2e-5],
  ['8-bit blocks', linearForm('int4', 'lm_head', 'F32', COLUMNS), 0.5 / 127],
  ['4-bit blocks', linearForm('int4', 'layer', 'F32', COLUMNS), 0.75 / 7.5],
];
for (const [what, form, relative] of FLOAT_FORMS) {
  test(`float weights as ${what} stay within half a step`, async (t) => {
    const { product, values } = await storedAndMultiplied(t, 'F32', form);
    assertClose(product, values, relative * 1.01);
  });
}

test('every stored tensor begins at a multiple of 64 bytes', async (t) => {
  const { linear } = await storedAndMultiplied(t, 'Q4_1', linearForm('int4', 'layer', 'Q4_1', COLUMNS));
  assert.ok(linear.format === 'blockwise' && linear.offsets !== null);
  for (const { offset, bytes } of [linear.weight, linear.scales, linear.offsets]) {
    assert.equal(offset % 64, 0);
    assert.ok(bytes > 0);
  }
});

/** Stores two weights. */
async function storeTwo(t: TestContext, weights: readonly [number, number], form: LinearForm) {
  const file = await HashedFile.create(join(tempDirectory(t), 'weights.bin'));
  t.after(() => file.abandon());
  async function* blocks() {
    yield { start: 0, bytes: new Uint8Array(Float32Array.from(weights).buffer) };
  }
  const tensor = { name: 'layer.weight', shape: [1, 2], storage: 'F32' } as const;
  return storeLinear(new TensorFile('weights.bin', file), tensor, form, blocks());
}

test('a weight that is not finite is refused by name', async (t) => {
  for (const format of ['float32', 'float16'] as const) {
    await assert.rejects(storeTwo(t, [1, Number.NaN], { format }), refused('not_finite', 'layer.weight'));
  }
});

test('a weight that float16 does not hold is refused by name, and the largest that it holds is not', async (t) => {
  for (const weight of [65520, -1e6]) {
    const stored = storeTwo(t, [1, weight], { format: 'float16' });
    await assert.rejects(stored, refused('beyond_float16', 'layer.weight'));
    await assert.rejects(stored, {
      message: new RegExp(`holds ${weight}, and float16 numbers up to 65504`),
      given: weight,
    });
  }
  await storeTwo(t, [65504, -65519], { format: 'float16' });
});
