import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  buildDecodeLoop,
  buildEncoderGraph,
  buildServingGraph,
  buildTrainingGraph,
  isEncoderDecoder,
} from '../../src/families/index.ts';
import { abs, createGraph, type Graph, input } from '../../src/graph/index.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';
import { tempDirectory } from '../model/temp-directory.ts';
import { readCudaKernels, withoutKernel } from '../support/cuda-kernels.ts';
import { RECORDINGS, readIndex } from '../support/recordings.ts';
import { TINY, tinyModel } from './tiny-model.ts';

// What has no kernel on a device runs on the processor, and its operands cross the bus there and back in every run.

const kernels = await readCudaKernels();

test('the list is that of the version of onnxruntime that is installed', async () => {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const { source } = JSON.parse(await readFile('test/fixtures/cuda-kernels.json', 'utf8')) as {
    source: string;
  };
  assert.ok(source.includes(`onnxruntime-gpu ${dependencies['onnxruntime-node']},`), source);
});

test('an op that has no kernel for its element types is found', () => {
  const x = input('x', 'float32', ['n', 4]);
  const graph = createGraph([x], { y: abs(x) });
  const types = (T: string) => ({ Abs: { inputs: ['T'], outputs: ['T'], kernels: [{ T: [T] }] } });
  assert.deepEqual(withoutKernel(graph, types('float32')), []);
  assert.deepEqual(withoutKernel(graph, types('float16')), ['Abs(float32)']);
  assert.deepEqual(withoutKernel(graph, {}), ['Abs(float32)']);
});

const { families } = await readIndex(RECORDINGS);

for (const family of families) {
  test(`${family}: CUDA has a kernel for every op that serves and learns in float32`, async (t) => {
    const source = join(RECORDINGS, family, 'model');
    const target = join(tempDirectory(t), 'bundle');
    const bundle = await importModel({ source, target, id: family, precision: 'float32' });
    const { config } = bundle.manifest;
    const weights = await readFrozenWeights(bundle);
    const graphs: Graph[] = [buildServingGraph(config, weights)];
    if (isEncoderDecoder(config)) graphs.push(buildEncoderGraph(config, weights));
    else graphs.push(buildDecodeLoop(config, weights));
    for (const form of isEncoderDecoder(config) ? (['rows'] as const) : (['rows', 'keysValues'] as const)) {
      for (const objective of ['tokens', 'choices'] as const) {
        for (const gradient of [true, false]) {
          graphs.push(buildTrainingGraph(config, weights, { form, objective, gradient }));
        }
      }
    }
    assert.deepEqual([...new Set(graphs.flatMap((graph) => withoutKernel(graph, kernels)))], []);
  });
}

test('int8: CUDA has no kernel for the product of bytes', () => {
  const graph = buildServingGraph(TINY, tinyModel(TINY, 'rowwise-int8').catalog);
  assert.deepEqual(withoutKernel(graph, kernels), [
    'com.microsoft.MatMulIntegerToFloat(uint8, int8, float32, float32, uint8)',
  ]);
});
