import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { LinearWeight, StoredTensor } from '../families/decoder.ts';
import type { FrozenWeights } from '../families/training.ts';
import { type External, readExternals } from '../graph/index.ts';
import { BUNDLE_FILES, type Bundle, type BundleManifest, isEncoderDecoder } from './bundle.ts';
import { expectedTensors } from './expected-tensors.ts';

/** Whether {@link readNamedWeights} finds the weights of a bundle: not blocks of int4, nor the graph of an ONNX export. */
export const hasNamedWeights = ({ precision, stockGraph }: BundleManifest): boolean =>
  !stockGraph && precision !== 'int4';

/**
 * Whether a bundle's own weights can be learned on: float32, and the bytes of a decoder, which become float32 again when
 * they are loaded. No gradient flows through float16 and blocks of int4.
 */
export function hasTrainableWeights({ config, precision, stockGraph }: BundleManifest): boolean {
  if (stockGraph) return false;
  return precision === 'float32' || (precision === 'int8' && !isEncoderDecoder(config));
}

/** A refusal to learn on the graph of an ONNX export. */
export function stockGraphNotTrainable({ manifest }: Bundle): DomainError {
  return new DomainError(
    'unprocessable',
    'stock_graph_not_trainable',
    'Prompts are learned on weights whose layers are known by name: import the safetensors or GGUF of the model.',
    {
      param: 'model',
      expected: 'a float32 or int8 bundle that is not an ONNX export',
      given: manifest.source.description,
    },
  );
}

/**
 * The weights of a bundle that can be learned on. Rejects with `unprocessable` unless {@link hasTrainableWeights}:
 * precision_not_trainable, or stock_graph_not_trainable for the graph of an ONNX export.
 */
export async function readFrozenWeights(bundle: Bundle): Promise<FrozenWeights> {
  const { manifest } = bundle;
  const { precision } = manifest;
  if (manifest.stockGraph) throw stockGraphNotTrainable(bundle);
  if (!hasTrainableWeights(manifest)) {
    throw new DomainError(
      'unprocessable',
      'precision_not_trainable',
      'Prompts are learned on a float32 bundle of the model: import it with --precision float32.',
      { param: 'model', expected: 'float32', given: precision },
    );
  }
  return readNamedWeights(bundle);
}

/**
 * Where the weights of a bundle that {@link hasNamedWeights} lie, under their Hugging Face names, as its serving graphs
 * record them.
 */
export async function readNamedWeights({ directory, manifest }: Bundle): Promise<FrozenWeights> {
  const { config } = manifest;
  const others = new Set(
    [...expectedTensors(config)].filter(({ kind }) => kind === 'other').map(({ name }) => name),
  );
  const graphs = isEncoderDecoder(config) ? [BUNDLE_FILES.encoder, BUNDLE_FILES.graph] : [BUNDLE_FILES.graph];
  const files = await Promise.all(graphs.map((name) => readFile(join(directory, name))));
  const stored = new Map(files.flatMap(readExternals).map((it) => [it.name, storedOf(it)]));
  const tensors = new Map([...stored].filter(([name]) => others.has(name)));
  const linears = new Map<string, LinearWeight>();
  for (const [name, weight] of stored) {
    // What is left are the weights of linear layers, named after the layer.
    if (others.has(name) || !name.endsWith('.weight')) continue;
    const layer = name.slice(0, -'.weight'.length);
    linears.set(layer, linearOf(weight, stored.get(`${layer}.scales`), stored.get(`${layer}.residual`)));
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

/** @param scales of the rows of a weight of bytes */
function linearOf(weight: StoredTensor, scales?: StoredTensor, residual?: StoredTensor): LinearWeight {
  if (scales === undefined) return { format: weight.dtype === 'float16' ? 'float16' : 'float32', weight };
  return { format: 'rowwise-int8', weight, scales, residual: residual ?? null };
}

const storedOf = ({ file, dtype, shape, offset, bytes }: External): StoredTensor => ({
  file,
  dtype: dtype as StoredTensor['dtype'],
  shape: shape as readonly number[],
  offset,
  bytes,
});
