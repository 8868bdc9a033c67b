import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WrittenTensor } from '../../src/graph/index.ts';
import { BUNDLE_FILES, type Bundle } from '../../src/model/bundle.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { type ImportProgress, importModel } from '../../src/model/import.ts';
import { verifyBundle } from '../../src/model/verify.ts';
import { trainableBundle } from '../../src/training/jobs/trainable-bundle.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { options } from './hf-model.ts';
import { EXPORTS, exportOf, readModel, rewriteModel } from './onnx-export.ts';
import { refused } from './refused.ts';
import { largestDifference, lastLogits } from './run-bundle.ts';
import { tempDirectory } from './temp-directory.ts';

const graphOf = ({ directory }: Bundle) => readModel(join(directory, BUNDLE_FILES.graph));

test('a bundle of an export says so and passes verification', async (t) => {
  const source = exportOf(t, 'llama');
  const bundle = await importModel(options(t, { source }));
  await verifyBundle(bundle);
  const { manifest } = bundle;
  assert.equal(manifest.stockGraph, true);
  assert.equal(manifest.precision, 'float32');
  assert.equal(manifest.config.architecture, 'llama');
  assert.deepEqual(
    manifest.source.files.map(({ name }) => name),
    ['model.onnx', 'model.onnx_data'],
  );
  assert.deepEqual(manifest.tokens, { bos: 2, eos: [1] });
});

test('progress covers the files, hashed and converted, and an aborted import leaves nothing', async (t) => {
  const source = exportOf(t, 'llama');
  const last = new Map<string, ImportProgress>();
  await importModel(options(t, { source, onProgress: (progress) => last.set(progress.label, progress) }));
  assert.deepEqual([...last.keys()], ['hash source', 'convert weights']);
  for (const { done, total } of last.values()) assert.equal(done, total);

  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = options(t, {
    source,
    signal: controller.signal,
    onProgress: ({ label }) => label === 'convert weights' && controller.abort(reason),
  });
  await assert.rejects(importModel(aborted), reason);
  assert.deepEqual(readdirSync(join(aborted.target, '..')), []);
});

test('an embedding table that the head multiplies with is stored once', async (t) => {
  const bundle = await importModel(options(t, { source: exportOf(t, 'gpt2') }));
  const { directory, manifest } = bundle;
  const files = Array.from(graphOf(bundle).tensors.values(), ({ external }) => external?.get('location'));
  assert.equal(files.filter((file) => file === BUNDLE_FILES.embeddings).length, 1);
  const { vocabSize, hiddenSize } = manifest.config;
  assert.equal(statSync(join(directory, BUNDLE_FILES.embeddings)).size, 4 * vocabSize * hiddenSize);
  assert.ok(
    statSync(join(directory, BUNDLE_FILES.weights)).size <
      statSync(join(EXPORTS, 'gpt2/model.onnx')).size - 4 * vocabSize * hiddenSize,
  );
});

test('what token ids and the mask were for is gone, weights are external', async (t) => {
  const bundle = await importModel(options(t, { source: exportOf(t, 'llama') }));
  const { inputs, nodes, tensors } = graphOf(bundle);
  assert.deepEqual([...inputs.keys()].slice(0, 3), ['inputs_embeds', 'position_ids', 'attention_bias']);
  const read = nodes.flatMap((node) => node.inputs);
  assert.ok(!read.some((name) => /input_ids|attention_mask/.test(name)));
  for (const { name, raw } of tensors.values()) assert.ok((raw?.bytes ?? 0) <= 1024, name);
  assert.ok(statSync(join(bundle.directory, BUNDLE_FILES.graph)).size < 100_000);
});

test('the model is chosen by precision, from the directory or its folder onnx', async (t) => {
  const source = exportOf(t, 'llama', 'model_quantized.onnx');
  const wrong = options(t, { source, precision: 'int4' });
  await assert.rejects(importModel(wrong), (error: { given: unknown }) => {
    refused('missing_file', 'model_q4.onnx')(error);
    assert.deepEqual(error.given, ['model_quantized.onnx']);
    return true;
  });
  const half = importModel(options(t, { source, precision: 'float16' }));
  await assert.rejects(half, refused('onnx_precision', 'precision'));
  mkdirSync(join(source, 'onnx'));
  renameSync(join(source, 'model_quantized.onnx'), join(source, 'onnx/model_int8.onnx'));
  const { manifest } = await importModel(options(t, { source, precision: 'int8' }));
  assert.equal(manifest.precision, 'int8');
});

test('a file that is given by its path is taken, and its precision is what its operators say', async (t) => {
  for (const [file, precision] of [
    ['model_quantized.onnx', 'int8'],
    ['model_q4.onnx', 'int4'],
  ] as const) {
    const directory = exportOf(t, 'llama', file);
    mkdirSync(join(directory, 'models'));
    const source = join(directory, 'models/any name.onnx');
    renameSync(join(directory, file), source);
    const { manifest } = await importModel(options(t, { source }));
    assert.equal(manifest.precision, precision);
    assert.equal(manifest.source.description, 'any name.onnx');
  }
});

test('nothing is learned on the graph of an export', async (t) => {
  const bundle = await importModel(options(t, { source: exportOf(t, 'llama') }));
  await assert.rejects(readFrozenWeights(bundle), refused('stock_graph_not_trainable', 'model'));
  const home = tempDirectory(t);
  await assert.rejects(trainableBundle(bundle, home), refused('stock_graph_not_trainable', 'model'));
});

test('an input that says how many logits to keep is set to keep all', async (t) => {
  const source = exportOf(t, 'gpt2');
  const integers = (name: string, value: bigint): WrittenTensor => {
    const raw = new Uint8Array(BigInt64Array.of(value).buffer);
    return { name, dims: [1], dataType: 7, content: { raw } };
  };
  rewriteModel(join(source, 'model.onnx'), (model) => {
    const head = model.nodes.findIndex(({ outputs }) => outputs.includes('logits'));
    const { inputs, ...node } = model.nodes[head]!;
    const added = { domain: '', attributes: [] };
    const kept = [
      { ...added, op: 'Neg', name: 'from', inputs: ['num_logits_to_keep'], outputs: ['from'] },
      { ...added, op: 'Slice', name: 'kept', inputs: [inputs[0]!, 'from', 'to', 'axis'], outputs: ['kept'] },
    ];
    return {
      ...model,
      inputs: [...model.inputs, { name: 'num_logits_to_keep', dataType: 7, dims: [1] }],
      tensors: [...model.tensors, integers('to', 2n ** 40n), integers('axis', 1n)],
      nodes: model.nodes.toSpliced(head, 1, ...kept, { ...node, inputs: inputs.with(0, 'kept') }),
    };
  });
  const bundle = await importModel(options(t, { source }));
  const { base } = JSON.parse(readFileSync(join(RECORDINGS, 'gpt2/cases.json'), 'utf8')) as {
    base: { input_ids: number[]; last_logits: number[] }[];
  };
  const { input_ids: ids, last_logits: logits } = base[0]!;
  assert.ok(largestDifference(await lastLogits(bundle, ids), logits) < 1e-4);
});

test('two imports of an export are the same, byte for byte', async (t) => {
  const source = exportOf(t, 'gpt2');
  const [first, second] = [
    await importModel(options(t, { source })),
    await importModel(options(t, { source })),
  ];
  assert.deepEqual(first.manifest.files, second.manifest.files);
  assert.equal(first.manifest.hash, second.manifest.hash);
  const tokenizer = readFileSync(join(source, 'tokenizer.json'));
  assert.deepEqual(readFileSync(join(first.directory, BUNDLE_FILES.tokenizer)), tokenizer);
});
