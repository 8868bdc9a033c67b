import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecoderConfig } from '../families/decoder.ts';
import type { JsonObject } from '../formats/json.ts';
import { checkTensors, HEAD } from './expected-tensors.ts';
import { parseHuggingFaceConfig } from './hf-config.ts';
import { readJsonFile } from './hf-json.ts';
import { openShards, type Shard, type ShardTensor } from './hf-shards.ts';
import { readHuggingFaceTokenizer } from './hf-tokenizer-files.ts';
import { readAt } from './read-at.ts';
import { huggingFaceNames } from './source-names.ts';
import { storedBytes } from './storage.ts';
import {
  rowsAndColumns,
  type SourceTensor,
  type TokenizerFiles,
  type WeightSource,
} from './weight-source.ts';

/** Buffers of old checkpoints that are computed from the configuration. */
const COMPUTED_BUFFER = /\.rotary_emb\.inv_freq$/;

/**
 * Opens a Hugging Face directory: config.json, model.safetensors (or its shards), tokenizer.json.
 * Throws as `parseHuggingFaceConfig`, `openShards` and `checkTensors` do.
 */
export async function openHuggingFace(directory: string): Promise<WeightSource> {
  const entries = new Set(await readdir(directory));
  const json = await readJsonFile(join(directory, 'config.json'), 'config.json');
  const config = parseHuggingFaceConfig(json);
  const shards = await openShards(directory, entries);
  const source = new HuggingFaceSource(directory, entries, json, config, shards);
  try {
    checkTensors(config, source.tensors);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

class HuggingFaceSource implements WeightSource {
  readonly config: DecoderConfig;
  readonly tensors: ReadonlyMap<string, ShardTensor>;
  readonly files: WeightSource['files'];
  readonly names: readonly string[];
  readonly #directory: string;
  readonly #entries: ReadonlySet<string>;
  readonly #json: JsonObject;
  readonly #shards: readonly Shard[];

  constructor(
    directory: string,
    entries: ReadonlySet<string>,
    json: JsonObject,
    config: DecoderConfig,
    shards: readonly Shard[],
  ) {
    this.config = config;
    this.files = shards.map(({ name, path, bytes }) => ({ name, path, bytes }));
    this.tensors = new Map(
      shards
        .flatMap(({ tensors }) => tensors)
        .filter(({ name }) => !isIgnored(name, config))
        .map((tensor) => [tensor.name, tensor]),
    );
    this.names = huggingFaceNames(json.get('_name_or_path'));
    this.#directory = directory;
    this.#entries = entries;
    this.#json = json;
    this.#shards = shards;
  }

  readRows({ name }: SourceTensor, start: number, count: number): Promise<Uint8Array> {
    const tensor = this.tensors.get(name)!;
    const rowBytes = storedBytes(tensor.storage, rowsAndColumns(tensor).columns);
    return readAt(tensor.file, tensor.offset + start * rowBytes, count * rowBytes, name);
  }

  readTokenizer(): Promise<TokenizerFiles> {
    return readHuggingFaceTokenizer(this.#directory, this.#entries, this.#json);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map(({ file }) => file.close()));
  }
}

/** transformers ties the head to the embedding table whatever the checkpoint also holds for it. */
function isIgnored(name: string, config: DecoderConfig): boolean {
  return COMPUTED_BUFFER.test(name) || (config.tiedEmbeddings && name === `${HEAD}.weight`);
}
