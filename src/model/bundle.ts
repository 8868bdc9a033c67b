import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { ModelInfo, Precision } from '../domain/model.ts';
import { isEncoderDecoder, type ModelConfig } from '../families/index.ts';

/** Fixed file names inside a bundle directory. */
export const BUNDLE_FILES = {
  manifest: 'manifest.json',
  /** The serving graph; its weights are external data. */
  graph: 'decoder.onnx',
  /** Of an encoder-decoder model only; its weights lie in the same file. */
  encoder: 'encoder.onnx',
  weights: 'weights.bin',
  /** float32 little-endian [vocab, hidden]; also the head's weight when embeddings are tied and float32. */
  embeddings: 'embeddings.bin',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
} as const;

/**
 * The version of a bundle's format. That of float16 is a later one: a service that knows 4 alone would open it, and fail at
 * every run, because it gives the graphs float32.
 */
export const bundleFormat = (precision: Precision): number => (precision === 'float16' ? 5 : 4);

/** manifest.json: what a bundle is, and the size and hash of each of its files. */
export interface BundleManifest {
  /** See {@link bundleFormat}. */
  readonly format: number;
  readonly id: string;
  /**
   * Identity of the frozen model: SHA-256 over its configuration and source weights. Two bundles of one
   * source in different precisions share it, so prompts serve on either.
   */
  readonly hash: string;
  readonly precision: Precision;
  /** The graph is that of an ONNX export: its layers are not known by name, and nothing is learned on it. */
  readonly stockGraph?: boolean;
  readonly config: ModelConfig;
  readonly aliases: readonly string[];
  readonly createdAt: number;
  /** What was imported: a name a person recognises and the hash of each source file. */
  readonly source: {
    readonly description: string;
    readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  };
  readonly tokens: {
    readonly bos: number | null;
    /** Every id that ends a generation. */
    readonly eos: readonly number[];
  };
  /** Jinja template for chat, or null. */
  readonly chatTemplate: string | null;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** An opened bundle: paths and the parsed manifest. Nothing large is loaded. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: BundleManifest;
}

/**
 * Opens a bundle directory. Throws `unprocessable` not_a_bundle when there is no readable manifest, and bundle_format for
 * another version.
 */
export async function openBundle(directory: string): Promise<Bundle> {
  let manifest: BundleManifest;
  try {
    manifest = JSON.parse(await readFile(join(directory, BUNDLE_FILES.manifest), 'utf8')) as BundleManifest;
  } catch (cause) {
    throw new DomainError(
      'unprocessable',
      'not_a_bundle',
      `${directory} holds no readable ${BUNDLE_FILES.manifest}.`,
      {
        param: 'model',
        cause,
      },
    );
  }
  const format = bundleFormat(manifest.precision);
  if (manifest.format !== format) {
    throw new DomainError(
      'unprocessable',
      'bundle_format',
      'The bundle has another format version: import it again.',
      {
        param: 'model',
        expected: format,
        given: manifest.format,
      },
    );
  }
  return { directory, manifest };
}

/** What the rest of the service may know about the model in this bundle. */
export function describeModel({ manifest }: Bundle): ModelInfo {
  const { config } = manifest;
  return {
    id: manifest.id,
    hash: manifest.hash,
    family: config.architecture,
    precision: manifest.precision,
    tokenDim: config.hiddenSize,
    numLayers: config.numLayers,
    numAttentionHeads: config.numAttentionHeads,
    numKeyValueHeads: config.numKeyValueHeads,
    headDim: config.headDim,
    vocabSize: config.vocabSize,
    contextLength: config.contextLength,
    kind: isEncoderDecoder(config) ? 'encoder-decoder' : 'decoder',
    aliases: manifest.aliases,
    createdAt: manifest.createdAt,
  };
}

export { bestCount, MASKED, SERVING_IO } from '../families/decoder.ts';
export { CROSS_IO, ENCODER_IO } from '../families/encoder-decoder.ts';
export { decoderLayers, isEncoderDecoder } from '../families/index.ts';
