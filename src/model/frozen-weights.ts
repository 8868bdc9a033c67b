import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { LinearWeight, StoredTensor } from '../families/decoder.ts';
import type { FrozenWeights } from '../families/training.ts';
import { type External, readExternals } from '../graph/index.ts';
import { BUNDLE_FILES, type Bundle, isEncoderDecoder } from './bundle.ts';
import { expectedTensors } from './expected-tensors.ts';

/** A refusal to learn on the graph of an ONNX export. */
export function stockGraphNotTrainable({ manifest }: Bundle): DomainError {
  return new DomainError(
    'unprocessable',
    'stock_graph_not_trainable',
    'Prompts are learned on weights whose layers are known by name: import the safetensors or GGUF of the model.',
    {
      param: 'model',
      expected: 'a float32 bundle that is not an ONNX export',
      given: manifest.source.description,
    },
  );
}

/**
 * Where the weights of a float32 bundle lie, under their Hugging Face names, as its serving graphs record them.
 * Rejects with `unprocessable` precision_not_trainable for a bundle of another precision: gradients flow through
 * float32 weights only; stock_graph_not_trainable for the graph of an ONNX export.
 */
export async function readFrozenWeights(bundle: Bundle): Promise<FrozenWeights> {
  const { directory, manifest } = bundle;
  const { config, precision } = manifest;
  if (manifest.stockGraph) throw stockGraphNotTrainable(bundle);
  if (precision !== 'float32') {
    throw new DomainError(
      'unprocessable',
      'precision_not_trainable',
      'Prompts are learned on a float32 bundle of the model: import it with --precision float32.',
      { param: 'model', expected: 'float32', given: precision },
    );
  }
  const linears = new Map<string, LinearWeight>();
  const tensors = new Map<string, StoredTensor>();
  const others = new Set(
    [...expectedTensors(config)].filter(({ kind }) => kind === 'other').map(({ name }) => name),
  );
  const graphs = isEncoderDecoder(config) ? [BUNDLE_FILES.encoder, BUNDLE_FILES.graph] : [BUNDLE_FILES.graph];
  const files = await Promise.all(graphs.map((name) => readFile(join(directory, name))));
  for (const external of files.flatMap(readExternals)) {
    const stored = storedOf(external);
    // What is left are the weights of linear layers, named after the layer.
    if (others.has(external.name)) tensors.set(external.name, stored);
    else linears.set(external.name.replace(/\.weight$/, ''), { format: 'float32', weight: stored });
  }
  const embeddings: StoredTensor = {
    file: BUNDLE_FILES.embeddings,
    dtype: 'float32',
    shape: [config.vocabSize, config.hiddenSize],
    offset: 0,
    bytes: config.vocabSize * config.hiddenSize * Float32Array.BYTES_PER_ELEMENT,
  };
  return { linears, tensors, embeddings };
}

const storedOf = ({ file, dtype, shape, offset, bytes }: External): StoredTensor => ({
  file,
  dtype: dtype as StoredTensor['dtype'],
  shape: shape as readonly number[],
  offset,
  bytes,
});
