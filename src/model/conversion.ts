import type { Precision } from '../domain/model.ts';
import {
  buildEncoderGraph,
  buildServingGraph,
  isEncoderDecoder,
  type ModelConfig,
} from '../families/index.ts';
import { encodeModel } from '../graph/index.ts';
import type { FileDigest } from './hashed-file.ts';
import { planImport } from './import-plan.ts';
import type { OnnxSource } from './onnx/source.ts';
import { planOnnx, storeOnnx } from './onnx/store.ts';
import type { OnRead } from './row-blocks.ts';
import { storeWeights } from './store-weights.ts';
import type { SourceFile, TokenizerFiles, WeightSource } from './weight-source.ts';

/** An opened source, and how its weights and its graph become those of a bundle. */
export interface Conversion {
  readonly config: ModelConfig;
  readonly names: readonly string[];
  readonly files: readonly SourceFile[];
  readonly precision: Precision;
  /** The graph is the source's own, not one that is built here. */
  readonly hasStockGraph: boolean;
  /** Bytes of the source that are read, and about how many the bundle takes. */
  readonly readBytes: number;
  readonly bundleBytes: number;
  /** Writes embeddings.bin and weights.bin into `directory`, and returns the graphs, encoded. */
  store(directory: string, onRead: OnRead): Promise<StoredModel>;
  readTokenizer(): Promise<TokenizerFiles>;
  close(): Promise<void>;
}

export interface StoredModel {
  readonly embeddings: FileDigest;
  readonly weights: FileDigest;
  /** The serving graph. */
  readonly graph: Uint8Array;
  /** The encoder's graph, if the model has one. */
  readonly encoder: Uint8Array | null;
}

/** Weights in the form of `precision`, under a graph that is built for them. */
export function weightConversion(source: WeightSource, precision: Precision, id: string): Conversion {
  const { config, names, files } = source;
  const plan = planImport(source, precision);
  return {
    config,
    names,
    files,
    precision,
    hasStockGraph: false,
    readBytes: plan.readBytes,
    bundleBytes: plan.bundleBytes,
    store: async (directory, onRead) => {
      const { catalog, embeddings, weights } = await storeWeights(source, plan, directory, onRead);
      const encoder = isEncoderDecoder(config) ? encodeModel(buildEncoderGraph(config, catalog), id) : null;
      return { embeddings, weights, graph: encodeModel(buildServingGraph(config, catalog), id), encoder };
    },
    readTokenizer: () => source.readTokenizer(),
    close: () => source.close(),
  };
}

/** The weights of an export as they are, under its own graph. */
export function onnxConversion(source: OnnxSource): Conversion {
  const { config, names, files, precision } = source;
  return {
    config,
    names,
    files,
    precision,
    hasStockGraph: true,
    ...planOnnx(source),
    store: (directory, onRead) => storeOnnx(source, directory, onRead),
    readTokenizer: () => source.readTokenizer(),
    close: () => source.close(),
  };
}
