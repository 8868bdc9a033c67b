import { encodeForeignModel, type ForeignNode, type WrittenTensor } from '../../graph/index.ts';
import { BUNDLE_FILES } from '../bundle.ts';
import type { StoredModel } from '../conversion.ts';
import { type OnRead, refuseNonFinite } from '../row-blocks.ts';
import { writeTensors } from '../tensor-file.ts';
import { embeddingRows } from './embedding-rows.ts';
import type { OnnxTensor } from './read.ts';
import type { OnnxSource } from './source.ts';

/** Smaller tensors stay in the graph: shapes and axes must be known when it is loaded. */
const SMALLEST_EXTERNAL = 1024;
const BYTES_A_READ = 8 << 20;

/** The oldest version of the format that is written: the newest that the project's own graphs need. */
const IR_VERSION = 10;

/** Bytes of the source that {@link storeOnnx} reads, and about how many it writes. */
export function planOnnx(source: OnnxSource): { readonly readBytes: number; readonly bundleBytes: number } {
  const { data, embeddings, config } = source;
  const tensors = externalTensors(source).reduce((sum, [, tensor]) => sum + data.bytesOf(tensor)!, 0);
  return {
    readBytes: data.bytesOf(embeddings.table)! + tensors,
    bundleBytes: config.vocabSize * config.hiddenSize * Float32Array.BYTES_PER_ELEMENT + tensors,
  };
}

/**
 * Writes embeddings.bin and weights.bin into `directory`, a few megabytes at a time, and returns the graph that
 * reads them.
 */
export async function storeOnnx(source: OnnxSource, directory: string, onRead: OnRead): Promise<StoredModel> {
  const embeddings = await writeTensors(directory, BUNDLE_FILES.embeddings, (file) =>
    file.add('float32', [source.config.vocabSize, source.config.hiddenSize], finiteRows(source, onRead)),
  );
  const external = externalTensors(source);
  const weights = await writeTensors(directory, BUNDLE_FILES.weights, async (file) => {
    const written: WrittenTensor[] = [];
    for (const [name, tensor] of external) {
      const { offset, bytes } = await file.addBytes(parts(source, tensor, onRead));
      written.push({ ...described(name, tensor), content: { file: BUNDLE_FILES.weights, offset, bytes } });
    }
    return written;
  });
  const { model, graph } = source;
  const tensors = [...graph.constants, ...weights.result, ...(await smallTensors(source))];
  const encoded = encodeForeignModel({
    irVersion: Math.max(model.irVersion, IR_VERSION),
    opsets: usedOpsets(model.opsets, graph.nodes),
    name: 'decoder',
    nodes: graph.nodes,
    tensors,
    inputs: graph.inputs,
    outputs: graph.outputs,
  });
  return { embeddings: embeddings.digest, weights: weights.digest, graph: encoded, encoder: null };
}

const described = (name: string, { dims, dataType }: OnnxTensor): Omit<WrittenTensor, 'content'> => ({
  name,
  dims,
  dataType,
});

/** The standard operator set and those that a node is of: ONNX Runtime need not know the others. */
function usedOpsets(
  opsets: ReadonlyMap<string, number>,
  nodes: readonly ForeignNode[],
): ReadonlyMap<string, number> {
  const used = new Set(['', ...nodes.map(({ domain }) => domain)]);
  return new Map([...opsets].filter(([domain]) => used.has(domain)));
}

/** The table itself, where the head reads it as well, is stored once. */
function isStoredTable({ embeddings }: OnnxSource, tensor: OnnxTensor): boolean {
  return embeddings.form === 'float32' && !embeddings.transposed && tensor.name === embeddings.table.name;
}

function externalTensors(source: OnnxSource): readonly (readonly [string, OnnxTensor])[] {
  return [...source.graph.tensors].filter(
    ([, tensor]) => (source.data.bytesOf(tensor) ?? 0) > SMALLEST_EXTERNAL && !isStoredTable(source, tensor),
  );
}

async function smallTensors(source: OnnxSource): Promise<readonly WrittenTensor[]> {
  const external = new Set(externalTensors(source).map(([name]) => name));
  const others = [...source.graph.tensors].filter(([name]) => !external.has(name));
  return Promise.all(
    others.map(async ([name, tensor]): Promise<WrittenTensor> => {
      const bytes = source.data.bytesOf(tensor);
      if (bytes === null) return { ...described(name, tensor), content: { encoded: tensor.encoded } };
      const content = isStoredTable(source, tensor)
        ? { file: BUNDLE_FILES.embeddings, offset: 0, bytes }
        : { raw: await source.data.read(tensor, 0, bytes) };
      return { ...described(name, tensor), content };
    }),
  );
}

async function* finiteRows(source: OnnxSource, onRead: OnRead): AsyncGenerator<Float32Array> {
  const { embeddings, data, config } = source;
  for await (const rows of embeddingRows(embeddings, data, config, onRead)) {
    refuseNonFinite(embeddings.table, rows);
    yield rows;
  }
}

async function* parts({ data }: OnnxSource, tensor: OnnxTensor, onRead: OnRead): AsyncGenerator<Uint8Array> {
  const bytes = data.bytesOf(tensor)!;
  for (let at = 0; at < bytes; at += BYTES_A_READ) {
    const part = await data.read(tensor, at, Math.min(BYTES_A_READ, bytes - at));
    yield part;
    onRead(part.length);
  }
}
