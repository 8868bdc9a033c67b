import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import ort from 'onnxruntime-node';
import {
  add,
  cast,
  createGraph,
  encodeModel,
  external,
  float32,
  gemm,
  input,
  matMul,
  printGraph,
  readExternals,
  softmax,
  toFloat,
} from '../../src/graph/index.ts';
import { ModelProto } from '../../src/graph/onnx-schema.ts';
import { floats, runSession, sessionOptions } from './run-graph.ts';

const x = input('x', 'float32', ['batch', 2]);
const weight = external({
  name: 'weight',
  dtype: 'float32',
  shape: [2, 2],
  file: 'weights.bin',
  offset: 64,
  bytes: 16,
});
const graph = createGraph([x], { y: softmax(add(matMul(x, weight), float32([0, 1])), -1) });

test('the encoded model decodes to the same messages', () => {
  const decoded = ModelProto.toObject(ModelProto.decode(encodeModel(graph, 'tiny')), { longs: Number });
  assert.deepEqual(decoded, {
    irVersion: 10,
    producerName: 'softprompt',
    opsetImport: [
      { domain: '', version: 21 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'tiny',
      node: [
        { name: 'MatMul_0', opType: 'MatMul', domain: '', input: ['x', 'weight'], output: ['t0'] },
        { name: 'Add_1', opType: 'Add', domain: '', input: ['t0', 'constant_0'], output: ['t1'] },
        {
          name: 'Softmax_2',
          opType: 'Softmax',
          domain: '',
          input: ['t1'],
          output: ['y'],
          attribute: [{ name: 'axis', type: 2, i: -1 }],
        },
      ],
      initializer: [
        {
          name: 'weight',
          dataType: 1,
          dims: [2, 2],
          dataLocation: 1,
          externalData: [
            { key: 'location', value: 'weights.bin' },
            { key: 'offset', value: '64' },
            { key: 'length', value: '16' },
          ],
        },
        { name: 'constant_0', dataType: 1, dims: [2], rawData: Buffer.from([0, 0, 0, 0, 0, 0, 128, 63]) },
      ],
      input: [valueInfo('x', [{ dimParam: 'batch' }, { dimValue: 2 }])],
      output: [valueInfo('y', [{ dimParam: 'batch' }, { dimValue: 2 }])],
    },
  });
});

function valueInfo(name: string, dim: readonly object[]): object {
  return { name, type: { tensorType: { elemType: 1, shape: { dim } } } };
}

test('ONNX Runtime reads external tensors at their offset', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'graph-'));
  t.after(() => rm(directory, { recursive: true }));
  const bytes = Buffer.alloc(80);
  for (const [index, value] of [1, 2, 3, 3].entries()) bytes.writeFloatLE(value, 64 + 4 * index);
  await writeFile(join(directory, 'weights.bin'), bytes);
  await writeFile(join(directory, 'model.onnx'), encodeModel(graph));
  const session = await ort.InferenceSession.create(join(directory, 'model.onnx'), sessionOptions);
  const { y } = await runSession(session, { x: floats([1, 2], [1, 0]) });
  await session.release();
  // (1, 2) + (0, 1) = (1, 3); softmax = 1 / (1 + e^2) and its complement.
  assert.ok(Math.abs(y!.data[0]! - 1 / (1 + Math.exp(2))) < 1e-6);
});

test('a weight of float16 is read at its offset, printed, and found again with its type', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'graph-'));
  t.after(() => rm(directory, { recursive: true }));
  const half = external({ ...weight, dtype: 'float16', offset: 4, bytes: 8 });
  const halves = createGraph([x], { y: toFloat(gemm(cast(x, 'float16'), half)) });
  // 1, 2, -3 and 0.5.
  const bits = Uint16Array.of(0, 0, 0x3c00, 0x4000, 0xc200, 0x3800);
  await writeFile(join(directory, 'weights.bin'), new Uint8Array(bits.buffer));
  await writeFile(join(directory, 'model.onnx'), encodeModel(halves));
  const session = await ort.InferenceSession.create(join(directory, 'model.onnx'), sessionOptions);
  const { y } = await runSession(session, { x: floats([1, 2], [1, 4]) });
  await session.release();
  assert.deepEqual(y!.data, [9, -1]);
  assert.deepEqual(readExternals(encodeModel(halves)), [half]);
  assert.match(printGraph(halves), /^external weight : float16 \[2, 2\] @ weights\.bin\+4$/m);
  assert.match(printGraph(halves), /= Gemm\(\w+, weight\) \{transB=1\} : float16 \[batch, 2\]$/m);
});

test('encoding is deterministic', () => {
  assert.deepEqual(encodeModel(graph), encodeModel(graph));
});
