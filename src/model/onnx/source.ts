import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Precision } from '../../domain/model.ts';
import type { DecoderConfig } from '../../families/decoder.ts';
import { isEncoderDecoder } from '../../families/index.ts';
import type { JsonObject } from '../../formats/json.ts';
import { unsupportedModel } from '../fields.ts';
import { parseHuggingFaceConfig } from '../hf-config.ts';
import { readJsonFile } from '../hf-json.ts';
import { readHuggingFaceTokenizer } from '../hf-tokenizer-files.ts';
import { openSource } from '../read-at.ts';
import { huggingFaceNames } from '../source-names.ts';
import type { SourceFile, TokenizerFiles } from '../weight-source.ts';
import { type EmbeddingTensors, findEmbedding } from './embedding.ts';
import { findOnnxFiles } from './files.ts';
import { OnnxGraph } from './graph.ts';
import { checkInterface } from './interface.ts';
import { type OnnxModel, readOnnxModel } from './read.ts';
import { type RewrittenGraph, rewriteForServing } from './rewrite.ts';
import { OnnxTensors } from './tensors.ts';

/** A stock ONNX export of a decoder, read and rewritten; its weights are still where they were. */
export interface OnnxSource {
  readonly config: DecoderConfig;
  readonly names: readonly string[];
  /** The model and the files of its external data. */
  readonly files: readonly SourceFile[];
  /** What the operators of the graph say of its weights. */
  readonly precision: Precision;
  readonly model: OnnxModel;
  readonly graph: RewrittenGraph;
  readonly embeddings: EmbeddingTensors;
  readonly data: OnnxTensors;
  readTokenizer(): Promise<TokenizerFiles>;
  close(): Promise<void>;
}

/**
 * Opens an export as Optimum and onnx-community publish it: a .onnx file, or a directory with config.json,
 * tokenizer.json and ONNX models of several precisions.
 * Throws as `findOnnxFiles`, `parseHuggingFaceConfig`, `readOnnxModel`, `OnnxGraph`, `checkInterface`,
 * `findEmbedding`, `rewriteForServing` and `OnnxTensors.open` do.
 */
export async function openOnnx(path: string, precision: Precision): Promise<OnnxSource> {
  const { model: file, directory } = await findOnnxFiles(path, precision);
  const json = await readJsonFile(join(directory, 'config.json'), 'config.json');
  const config = parseHuggingFaceConfig(json, false);
  if (isEncoderDecoder(config) || config.architecture === 'gemma3') {
    throw unsupportedModel(
      'onnx_architecture',
      'model_type',
      `ONNX exports of ${config.architecture} are not read.`,
      {
        expected: 'a decoder with one mask for all layers: import the safetensors of the model',
        given: config.architecture,
      },
    );
  }
  const model = await readStructure(file);
  checkInterface(model, config);
  const graph = new OnnxGraph(model);
  const embedding = findEmbedding(graph);
  checkTable(embedding.tensors, config);
  const rewritten = rewriteForServing(graph, embedding, config);
  const data = await OnnxTensors.open(model, file, basename(file));
  return {
    config,
    names: huggingFaceNames(json.get('_name_or_path')),
    files: data.files,
    precision: precisionOf(graph),
    model,
    graph: rewritten,
    embeddings: embedding.tensors,
    data,
    readTokenizer: async () => readTokenizer(directory, json),
    close: () => data.close(),
  };
}

async function readTokenizer(directory: string, json: JsonObject): Promise<TokenizerFiles> {
  return readHuggingFaceTokenizer(directory, new Set(await readdir(directory)), json);
}

async function readStructure(path: string): Promise<OnnxModel> {
  const name = basename(path);
  const file = await openSource(path, name);
  try {
    return readOnnxModel(file.fd, (await file.stat()).size, name);
  } finally {
    await file.close();
  }
}

/**
 * Throws `unprocessable` tensor_shape unless the table has the rows and columns of the configuration, and
 * unsupported_tensor_type where its numbers do not lie in one piece.
 */
function checkTable(embeddings: EmbeddingTensors, { vocabSize, hiddenSize }: DecoderConfig): void {
  const { table, form } = embeddings;
  if (table.isTyped) {
    throw unsupportedModel('unsupported_tensor_type', table.name, `${table.name} is no raw data.`, {
      expected: 'raw data or external data',
    });
  }
  const isPacked = form === 'blocks' && embeddings.bits === 4 && table.dims[1] === hiddenSize / 2;
  const dims = form === 'float32' && embeddings.transposed ? table.dims.toReversed() : table.dims;
  const [rows, columns] = [dims[0], isPacked ? hiddenSize : dims[1]];
  if (table.dims.length === 2 && rows === vocabSize && columns === hiddenSize && hiddenSize % 2 === 0) return;
  throw unsupportedModel(
    'tensor_shape',
    table.name,
    `The embedding table ${table.name} has shape [${table.dims.join(', ')}].`,
    { expected: [vocabSize, hiddenSize], given: table.dims },
  );
}

/** How the products of the graph hold their weights. */
function precisionOf(graph: OnnxGraph): Precision {
  const blockwise = graph.nodes.filter(({ op }) => op === 'MatMulNBits');
  if (blockwise.some((node) => graph.int(node, 'bits', 4) <= 4)) return 'int4';
  const isByte = ({ op }: { readonly op: string }): boolean =>
    op.startsWith('MatMulInteger') || op.startsWith('QLinear') || op === 'DynamicQuantizeMatMul';
  return blockwise.length > 0 || graph.nodes.some(isByte) ? 'int8' : 'float32';
}
