import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ModelConfig } from '../families/index.ts';
import { toFloat32 } from './dequantize.ts';
import { checkTensors } from './expected-tensors.ts';
import { unsupportedModel } from './fields.ts';
import { parseGgufConfig } from './gguf-config.ts';
import { readGgufHeader } from './gguf-header.ts';
import { huggingFaceName } from './gguf-names.ts';
import { unpermuteHeads } from './gguf-permutation.ts';
import { isUnusedT5Tensor } from './gguf-t5.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
import type { GgufTensorInfo, GgufValue } from './gguf-types.ts';
import { openSource, readAt } from './read-at.ts';
import { ggufNames } from './source-names.ts';
import { storedBytes } from './storage.ts';
import {
  rowsAndColumns,
  type SourceTensor,
  type TokenizerFiles,
  type WeightSource,
} from './weight-source.ts';

const ROPE_FACTORS = 'rope_freqs.weight';
const TOKENS = 'tokenizer.ggml.tokens';
const QUERY_OR_KEY = /\.self_attn\.[qk]_proj\.(weight|bias)$/;
const MAX_ROPE_FACTORS = 4096;

interface GgufTensor extends SourceTensor {
  readonly offset: number;
}

/**
 * Opens a GGUF file of an architecture that `parseGgufConfig` knows.
 * Throws as `readGgufHeader`, `parseGgufConfig` and `checkTensors` do: a tensor whose place in the file is wrong
 * is named as in the file, one that does not fit the model as in transformers.
 */
export async function openGguf(path: string): Promise<WeightSource> {
  const file = await openSource(path, basename(path));
  try {
    const { size } = await file.stat();
    const { metadata, tensors: infos } = readGgufHeader(file.fd, size);
    const config = await readConfig(file, metadata, infos);
    const tensors = new Map<string, GgufTensor>();
    for (const { name, ...info } of infos) {
      if (name === ROPE_FACTORS || (config.architecture === 't5' && isUnusedT5Tensor(name))) continue;
      const known = huggingFaceName(name, config);
      tensors.set(known, { ...info, name: known });
    }
    checkTensors(config, tensors);
    return new GgufSource(file, path, size, metadata, config, tensors);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readConfig(
  file: FileHandle,
  metadata: ReadonlyMap<string, GgufValue>,
  infos: readonly GgufTensorInfo[],
): Promise<ModelConfig> {
  const byName = new Map(infos.map((info) => [info.name, info]));
  const embeddings = byName.get('token_embd.weight');
  if (embeddings?.shape.length !== 2) {
    throw unsupportedModel(
      'missing_tensor',
      'token_embd.weight',
      'The file has no matrix token_embd.weight.',
    );
  }
  const factors = byName.get(ROPE_FACTORS);
  return parseGgufConfig(metadata, {
    has: (name) => byName.has(name),
    vocabSize: embeddings.shape[0]!,
    ropeFactors: factors === undefined ? null : await readRopeFactors(file, factors),
  });
}

async function readRopeFactors(file: FileHandle, info: GgufTensorInfo): Promise<readonly number[]> {
  const size = info.shape[0]!;
  if (info.shape.length !== 1 || size > MAX_ROPE_FACTORS) {
    throw unsupportedModel('tensor_shape', ROPE_FACTORS, `${ROPE_FACTORS} has an impossible shape.`, {
      expected: `one axis of at most ${MAX_ROPE_FACTORS}`,
      given: info.shape,
    });
  }
  const bytes = await readAt(file, info.offset, storedBytes(info.storage, size), ROPE_FACTORS);
  return [...toFloat32(info.storage, bytes)];
}

class GgufSource implements WeightSource {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly files: WeightSource['files'];
  readonly names: readonly string[];
  readonly #file: FileHandle;
  readonly #metadata: ReadonlyMap<string, GgufValue>;

  constructor(
    file: FileHandle,
    path: string,
    bytes: number,
    metadata: ReadonlyMap<string, GgufValue>,
    config: ModelConfig,
    tensors: ReadonlyMap<string, GgufTensor>,
  ) {
    this.config = config;
    this.tensors = tensors;
    this.files = [{ name: basename(path), path, bytes }];
    this.names = ggufNames(metadata);
    this.#file = file;
    this.#metadata = metadata;
  }

  async readRows({ name }: SourceTensor, start: number, count: number): Promise<Uint8Array> {
    const tensor = this.tensors.get(name)!;
    const { rows, columns } = rowsAndColumns(tensor);
    const rowBytes = storedBytes(tensor.storage, columns);
    const read = (first: number, end: number): Promise<Uint8Array> =>
      readAt(this.#file, tensor.offset + first * rowBytes, (end - first) * rowBytes, name);
    if (!this.#isPermuted(name)) return read(start, start + count);

    const { headDim } = this.config;
    if (rows === 1) return unpermuteHeads(await read(0, 1), headDim, rowBytes / columns);
    const first = Math.floor(start / headDim) * headDim;
    const end = Math.ceil((start + count) / headDim) * headDim;
    const ordered = unpermuteHeads(await read(first, end), headDim, rowBytes);
    return ordered.subarray((start - first) * rowBytes, (start + count - first) * rowBytes);
  }

  async readTokenizer(): Promise<TokenizerFiles> {
    const tokens = this.#metadata.get(TOKENS);
    const { vocabSize } = this.config;
    if (Array.isArray(tokens) && tokens.length > vocabSize) {
      throw unsupportedModel(
        'unsupported_config',
        TOKENS,
        `${TOKENS} has more tokens than the embedding table rows.`,
        {
          expected: vocabSize,
          given: tokens.length,
        },
      );
    }
    const { tokenizerJson, tokenizerConfig, ...rest } = ggufTokenizer(Object.fromEntries(this.#metadata));
    return {
      tokenizerJson: Buffer.from(JSON.stringify(tokenizerJson)),
      tokenizerConfig: Buffer.from(JSON.stringify(tokenizerConfig)),
      ...rest,
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #isPermuted(name: string): boolean {
    return this.config.architecture === 'llama' && QUERY_OR_KEY.test(name);
  }
}
