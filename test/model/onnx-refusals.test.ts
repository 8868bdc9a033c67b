import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  encodeIntAttribute,
  type ForeignNode,
  type WrittenModel,
  type WrittenTensor,
} from '../../src/graph/index.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { options, rewriteJson } from './hf-model.ts';
import { exportOf, readModel, rewriteModel } from './onnx-export.ts';
import { refused } from './refused.ts';

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A protobuf field of bytes. */
function field(id: number, payload: Uint8Array, length = payload.length): Buffer {
  return Buffer.concat([Buffer.from([...varint(id * 8 + 2), ...varint(length)]), payload]);
}

const text = (value: string): Buffer => Buffer.from(value);
const attribute = (name: string, ...fields: readonly Uint8Array[]): Buffer =>
  Buffer.concat([field(1, text(name)), ...fields]);

const onModel =
  (change: (model: WrittenModel) => WrittenModel) =>
  (directory: string): void =>
    rewriteModel(join(directory, 'model.onnx'), change);
const onNodes = (change: (node: ForeignNode) => ForeignNode) =>
  onModel((model) => ({ ...model, nodes: model.nodes.map(change) }));
/** Changes the first node of an operator. */
const onFirst = (op: string, change: (node: ForeignNode) => ForeignNode) =>
  onModel((model) => {
    const index = model.nodes.findIndex((node) => node.op === op);
    return { ...model, nodes: model.nodes.with(index, change(model.nodes[index]!)) };
  });
const onTensor = (name: string, change: (tensor: WrittenTensor) => WrittenTensor) =>
  onModel((model) => ({
    ...model,
    tensors: model.tensors.map((tensor) => (tensor.name === name ? change(tensor) : tensor)),
  }));
const inFile = (location: string, offset = 0) =>
  onTensor(TABLE, (tensor) => ({ ...tensor, content: { file: location, offset, bytes: 4 * 384 * 64 } }));
const write = (bytes: Uint8Array) => (directory: string) =>
  writeFileSync(join(directory, 'model.onnx'), bytes);
const withAttribute = (...fields: readonly Uint8Array[]) =>
  onFirst('Softmax', (node) => ({ ...node, attributes: [...node.attributes, attribute('more', ...fields)] }));

const TABLE = 'transformer.wte.weight';
const POSITIONS = 'transformer.wpe.weight';
const SOFTMAX = '/transformer/h.0/attn/Softmax';

/** What is done to an export of gpt2, all in one file, and the refusal's code and param. */
const broken: readonly (readonly [string, (directory: string) => void, string, string])[] = [
  ['an empty file', write(new Uint8Array()), 'corrupt_onnx', 'model.onnx'],
  ['text', write(text('version https://git-lfs.github.com/spec/v1\n')), 'corrupt_onnx', 'model.onnx'],
  ['a file cut short', (d) => truncateSync(join(d, 'model.onnx'), 300_000), 'truncated_file', 'model.onnx'],
  ['a file above 2 GB', (d) => truncateSync(join(d, 'model.onnx'), 2 ** 31), 'file_too_large', 'model.onnx'],
  [
    'a node of 80 MB',
    (d) => {
      const size = 80 << 20;
      const graph = field(1, new Uint8Array(), size);
      write(field(7, graph, graph.length + size))(d);
      truncateSync(join(d, 'model.onnx'), size + 2 * graph.length);
    },
    'file_too_large',
    'model.onnx',
  ],
  [
    'a field that is longer than its message',
    write(Buffer.concat([field(7, field(1, new Uint8Array(), 9)), text('and more bytes')])),
    'corrupt_onnx',
    'model.onnx',
  ],
  [
    'functions',
    (d) => appendFileSync(join(d, 'model.onnx'), field(25, field(1, text('f')))),
    'onnx_functions',
    'model.onnx',
  ],
  [
    'sparse tensors',
    (d) => appendFileSync(join(d, 'model.onnx'), field(7, field(15, new Uint8Array()))),
    'onnx_sparse',
    'model.onnx',
  ],
  [
    'operators of another domain',
    onFirst('Softmax', (node) => ({ ...node, domain: 'example.org' })),
    'onnx_custom_operators',
    SOFTMAX,
  ],
  ['a graph inside of a node', withAttribute(field(6, new Uint8Array())), 'onnx_subgraphs', SOFTMAX],
  [
    'a node with a tensor in another file',
    withAttribute(field(5, Buffer.from([14 * 8, 1]))),
    'onnx_external_attribute',
    SOFTMAX,
  ],
  [
    'an old operator set',
    onModel((model) => ({ ...model, opsets: new Map([['', 12]]) })),
    'onnx_opset',
    'opset_import',
  ],
  [
    'a node that reads what does not exist',
    onFirst('Softmax', (node) => ({ ...node, inputs: ['nothing'] })),
    'onnx_order',
    'nothing',
  ],
  [
    'a value that is made twice',
    onModel((model) => ({ ...model, nodes: [...model.nodes, model.nodes[0]!] })),
    'onnx_order',
    '/transformer/Shape_output_0',
  ],
  [
    'no past keys of a layer',
    onModel((model) => ({
      ...model,
      inputs: model.inputs.filter(({ name }) => name !== 'past_key_values.1.key'),
    })),
    'onnx_interface',
    'past_key_values.1.key',
  ],
  [
    'past keys of more layers than the configuration has',
    (d) => rewriteJson(join(d, 'config.json'), { n_layer: 1 }),
    'onnx_interface',
    'past_key_values.1.key',
  ],
  [
    'past keys of another number of heads',
    (d) => rewriteJson(join(d, 'config.json'), { n_head: 8 }),
    'onnx_interface',
    'past_key_values.0.key',
  ],
  [
    'float16',
    onModel((model) => ({
      ...model,
      inputs: model.inputs.map((value) =>
        value.name.startsWith('past') ? { ...value, dataType: 10 } : value,
      ),
    })),
    'onnx_interface',
    'past_key_values.0.key',
  ],
  [
    'an input that nobody knows',
    onModel((model) => ({ ...model, inputs: [...model.inputs, { name: 'extra', dataType: 7, dims: [] }] })),
    'onnx_interface',
    'extra',
  ],
  [
    'another vocabulary',
    (d) => rewriteJson(join(d, 'config.json'), { vocab_size: 400 }),
    'onnx_interface',
    'logits',
  ],
  [
    'a table of another width',
    onTensor(TABLE, (tensor) => ({ ...tensor, dims: [768, 32] })),
    'tensor_shape',
    TABLE,
  ],
  [
    'a table with fewer bytes than its shape says',
    onTensor(TABLE, (tensor) => ({ ...tensor, content: { raw: new Uint8Array(12) } })),
    'tensor_shape',
    TABLE,
  ],
  [
    'a table that holds NaN',
    onTensor(TABLE, (tensor) => ({ ...tensor, content: { raw: new Uint8Array(4 * 384 * 64).fill(0xff) } })),
    'not_finite',
    TABLE,
  ],
  [
    'no table that token ids read',
    onNodes((node) =>
      node.inputs[0] === TABLE && node.op === 'Gather' ? { ...node, op: 'GatherND' } : node,
    ),
    'onnx_embedding',
    'input_ids',
  ],
  [
    'two tables that token ids read',
    onNodes((node) => (node.inputs[0] === POSITIONS ? { ...node, inputs: [POSITIONS, 'input_ids'] } : node)),
    'onnx_embedding',
    'input_ids',
  ],
  [
    'a table in another type',
    onTensor(TABLE, (tensor) => ({ ...tensor, dataType: 6 })),
    'onnx_embedding',
    TABLE,
  ],
  [
    'attention that is one operator',
    onFirst('Softmax', (node) => ({ ...node, op: 'MultiHeadAttention', domain: 'com.microsoft' })),
    'onnx_attention',
    'attention_mask',
  ],
  [
    'token ids that are read as numbers',
    onNodes((node) =>
      node.inputs[1] === 'position_ids' ? { ...node, inputs: [POSITIONS, 'attention_mask'] } : node,
    ),
    'onnx_inputs',
    'attention_mask',
  ],
  [
    'positions that are not those of the engine',
    onNodes((node) =>
      node.inputs[1] === 'position_ids' ? { ...node, inputs: [POSITIONS, 'past_key_values.0.key'] } : node,
    ),
    'onnx_inputs',
    'position_ids',
  ],
  [
    'logits that come out of no product',
    onNodes((node) => (node.outputs.includes('logits') ? { ...node, op: 'Einsum' } : node)),
    'onnx_head',
    'logits',
  ],
  ['a tensor in a file that is not there', inFile('model.onnx_data'), 'missing_file', 'model.onnx_data'],
  ['a tensor in a file above', inFile('../model.onnx_data'), 'onnx_external_data', TABLE],
  ['a tensor in a file of the machine', inFile('/etc/hostname'), 'onnx_external_data', TABLE],
  ['a tensor in a file with a backslash', inFile('..\\model.onnx_data'), 'onnx_external_data', TABLE],
  [
    'a tensor behind a link out of the directory',
    (d) => {
      writeFileSync(join(d, '../outside'), new Uint8Array(4 * 384 * 64));
      symlinkSync('../outside', join(d, 'weights'));
      inFile('weights')(d);
    },
    'onnx_external_data',
    TABLE,
  ],
  [
    'a tensor in a directory behind a link',
    (d) => {
      mkdirSync(join(d, '../elsewhere'));
      writeFileSync(join(d, '../elsewhere/weights'), new Uint8Array(4 * 384 * 64));
      symlinkSync('../elsewhere', join(d, 'folder'));
      inFile('folder/weights')(d);
    },
    'onnx_external_data',
    TABLE,
  ],
  [
    'external data that ends early',
    (d) => {
      writeFileSync(join(d, 'weights'), new Uint8Array(4 * 384 * 64));
      inFile('weights', 64)(d);
    },
    'truncated_file',
    TABLE,
  ],
  [
    'an architecture that is not known',
    (d) => rewriteJson(join(d, 'config.json'), { model_type: 'bloom' }),
    'unsupported_config',
    'model_type',
  ],
  ['no tokenizer', (d) => rmSync(join(d, 'tokenizer.json')), 'missing_file', 'tokenizer.json'],
];

for (const [what, damage, code, param] of broken) {
  test(`refused, and nothing stored: ${what}`, async (t) => {
    const source = exportOf(t, 'gpt2');
    damage(source);
    const attempt = options(t, { source });
    await assert.rejects(importModel(attempt), refused(code, param));
    assert.deepEqual(readdirSync(join(attempt.target, '..')), []);
  });
}

const onGrouped = (change: (node: ForeignNode) => ForeignNode) => (directory: string) =>
  rewriteModel(join(directory, 'grouped.onnx'), (model) => ({
    ...model,
    nodes: model.nodes.map((node) => (node.op === 'GroupQueryAttention' ? change(node) : node)),
  }));
const withInput = (index: number) =>
  onGrouped((node) => ({
    ...node,
    inputs: Array.from({ length: 12 }, (_, i) => (i === index ? 'cos_cache' : (node.inputs[i] ?? ''))),
  }));
const withOption = (name: string, value: number) =>
  onGrouped(({ attributes, ...node }) => ({
    ...node,
    attributes: [...attributes, encodeIntAttribute(name, value)],
  }));

/** What GroupQueryAttention can do beyond what is read. */
const groupedOptions: readonly (readonly [string, (directory: string) => void, unknown])[] = [
  ['an attention bias', withInput(10), 'input 10'],
  ['sinks', withInput(11), 'input 11'],
  ['a smooth softmax', withOption('smooth_softmax', 1), 'smooth_softmax'],
  ['an option that is not known', withOption('unknown', 0), 'unknown'],
  ['a window that the configuration does not have', withOption('local_window_size', 8), 'local_window_size'],
  ['other heads', withOption('num_heads', 8), 'num_heads'],
  [
    'the cache of another layer',
    onGrouped((node) => ({ ...node, inputs: node.inputs.with(3, 'past_key_values.1.key') })),
    undefined,
  ],
];

for (const [what, damage, given] of groupedOptions) {
  test(`refused, and nothing stored: grouped-query attention with ${what}`, async (t) => {
    const source = exportOf(t, 'llama', 'grouped.onnx');
    damage(source);
    const attempt = options(t, { source: join(source, 'grouped.onnx') });
    await assert.rejects(importModel(attempt), (error: { given: unknown }) => {
      refused('onnx_attention', '/model/layers.0/attn/GroupQueryAttention')(error);
      if (given !== undefined) assert.equal(error.given, given);
      return true;
    });
    assert.deepEqual(readdirSync(join(attempt.target, '..')), []);
  });
}

test('an encoder-decoder configuration is refused', async (t) => {
  const source = exportOf(t, 'gpt2');
  const config = {
    model_type: 't5',
    vocab_size: 384,
    d_model: 64,
    d_kv: 16,
    d_ff: 64,
    num_layers: 2,
    num_heads: 4,
  };
  writeFileSync(join(source, 'config.json'), JSON.stringify(config));
  await assert.rejects(importModel(options(t, { source })), refused('onnx_architecture', 'model_type'));
});

test('an export that was only written again is imported', async (t) => {
  const source = exportOf(t, 'gpt2');
  onModel((model) => ({ ...model, opsets: new Map([...model.opsets, ['example.org', 1]]) }))(source);
  const before = readModel(join(source, 'model.onnx'));
  renameSync(join(source, 'model.onnx'), join(source, 'renamed.onnx'));
  const bundle = await importModel(options(t, { source: join(source, 'renamed.onnx') }));
  assert.equal(bundle.manifest.stockGraph, true);
  assert.deepEqual([...readModel(join(bundle.directory, BUNDLE_FILES.graph)).opsets.keys()], ['']);
  assert.ok(before.nodes.length > 400);
  assert.ok(readFileSync(join(source, 'renamed.onnx')).length > 400_000);
});
