import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ort from 'onnxruntime-node';
import {
  encodeForeignModel,
  encodeIntAttribute,
  type ForeignNode,
  type WrittenTensor,
} from '../../src/graph/index.ts';
import { findEmbedding } from '../../src/model/onnx/embedding.ts';
import { embeddingRows } from '../../src/model/onnx/embedding-rows.ts';
import { OnnxGraph } from '../../src/model/onnx/graph.ts';
import { OnnxTensors } from '../../src/model/onnx/tensors.ts';
import { readModel } from './onnx-export.ts';
import { tempDirectory } from './temp-directory.ts';

const [VOCAB, HIDDEN, BLOCK] = [5, 48, 16];
const BLOCKS = HIDDEN / BLOCK;
const TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, uint4: 21, int4: 22 } as const;

const bytes = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => (i * 37 + 11) % 256);
const floats = (count: number): Uint8Array =>
  new Uint8Array(Float32Array.from({ length: count }, (_, i) => (i % 7) / 8 - 0.3).buffer);
const tensor = (name: string, dataType: number, dims: readonly number[], raw: Uint8Array): WrittenTensor => ({
  name,
  dataType,
  dims,
  content: { raw },
});
const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): ForeignNode => ({
  op,
  domain: op === 'GatherBlockQuantized' ? 'com.microsoft' : '',
  name: op,
  inputs,
  outputs: [output],
  attributes: Object.entries(attributes).map(([name, value]) => encodeIntAttribute(name, value)),
});

interface Form {
  readonly tensors: readonly WrittenTensor[];
  readonly nodes: readonly ForeignNode[];
}

const gatherBlocks = (tensors: readonly WrittenTensor[], bits: number): Form => {
  const [table = '', scale = '', ...zeroPoint] = tensors.map(({ name }) => name);
  const attributes = { bits, block_size: BLOCK, gather_axis: 0, quantize_axis: 1 };
  return {
    tensors,
    nodes: [node('GatherBlockQuantized', [table, 'input_ids', scale, ...zeroPoint], 'rows', attributes)],
  };
};
const blockScale = tensor('scale', TYPE.float32, [VOCAB, BLOCKS], floats(VOCAB * BLOCKS));
const nibbles = Math.ceil((VOCAB * BLOCKS) / 2);

const forms: Readonly<Record<string, Form>> = {
  float32: {
    tensors: [tensor('table', TYPE.float32, [VOCAB, HIDDEN], floats(VOCAB * HIDDEN))],
    nodes: [node('Cast', ['input_ids'], 'ids', { to: TYPE.int32 }), node('Gather', ['table', 'ids'], 'rows')],
  },
  'int8, dequantised behind the Gather': {
    tensors: [
      tensor('table', TYPE.int8, [VOCAB, HIDDEN], bytes(VOCAB * HIDDEN)),
      tensor('scale', TYPE.float32, [], floats(1)),
      tensor('zero', TYPE.int8, [], Uint8Array.of(250)),
    ],
    nodes: [
      node('Gather', ['table', 'input_ids'], 'codes'),
      node('DequantizeLinear', ['codes', 'scale', 'zero'], 'rows'),
    ],
  },
  'uint8, dequantised before the Gather, a scale a row': {
    tensors: [
      tensor('table', TYPE.uint8, [VOCAB, HIDDEN], bytes(VOCAB * HIDDEN)),
      tensor('scale', TYPE.float32, [VOCAB], floats(VOCAB)),
      tensor('zero', TYPE.uint8, [VOCAB], bytes(VOCAB)),
    ],
    nodes: [
      node('DequantizeLinear', ['table', 'scale', 'zero'], 'values', { axis: 0 }),
      node('Gather', ['values', 'input_ids'], 'rows'),
    ],
  },
  'blocks of int4': gatherBlocks(
    [tensor('table', TYPE.int4, [VOCAB, HIDDEN], bytes((VOCAB * HIDDEN) / 2)), blockScale],
    4,
  ),
  'blocks of uint4 with zero points': gatherBlocks(
    [
      tensor('table', TYPE.uint4, [VOCAB, HIDDEN], bytes((VOCAB * HIDDEN) / 2)),
      blockScale,
      tensor('zero', TYPE.uint4, [VOCAB, BLOCKS], bytes(nibbles)),
    ],
    4,
  ),
  'blocks of 4 bits in bytes': gatherBlocks(
    [tensor('table', TYPE.uint8, [VOCAB, HIDDEN / 2], bytes((VOCAB * HIDDEN) / 2)), blockScale],
    4,
  ),
  'blocks of 4 bits in bytes with zero points': gatherBlocks(
    [
      tensor('table', TYPE.uint8, [VOCAB, HIDDEN / 2], bytes((VOCAB * HIDDEN) / 2)),
      blockScale,
      tensor('zero', TYPE.uint8, [VOCAB, 2], bytes(VOCAB * 2)),
    ],
    4,
  ),
  'blocks of 8 bits': gatherBlocks(
    [tensor('table', TYPE.uint8, [VOCAB, HIDDEN], bytes(VOCAB * HIDDEN)), blockScale],
    8,
  ),
};

for (const [name, { tensors, nodes }] of Object.entries(forms)) {
  test(`${name}: the rows are those that ONNX Runtime gathers`, async (t) => {
    const path = join(tempDirectory(t), 'model.onnx');
    const encoded = encodeForeignModel({
      irVersion: 10,
      opsets: new Map([
        ['', 21],
        ['com.microsoft', 1],
      ]),
      name,
      nodes,
      tensors,
      inputs: [{ name: 'input_ids', dataType: TYPE.int64, dims: [VOCAB] }],
      outputs: [{ name: 'rows', dataType: TYPE.float32, dims: [VOCAB, HIDDEN] }],
    });
    writeFileSync(path, encoded);
    const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3 });
    t.after(() => session.release());
    const ids = new ort.Tensor('int64', BigInt64Array.from([0n, 1n, 2n, 3n, 4n]), [VOCAB]);
    const expected = (await session.run({ input_ids: ids })).rows?.data as Float32Array;

    const model = readModel(path);
    const embedding = findEmbedding(new OnnxGraph(model));
    assert.equal(embedding.output, 'rows');
    const data = await OnnxTensors.open(model, path, 'model.onnx');
    t.after(() => data.close());
    const given: number[] = [];
    const sizes = { vocabSize: VOCAB, hiddenSize: HIDDEN };
    for await (const rows of embeddingRows(embedding.tensors, data, sizes, () => {})) given.push(...rows);
    assert.deepEqual(given, [...expected]);
  });
}
