import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig } from '../families/index.ts';
import type { JsonObject } from '../formats/json.ts';
import { toFloat32 } from './dequantize.ts';
import { checkTensors, HEAD } from './expected-tensors.ts';
import { unsupportedModel } from './fields.ts';
import { parseHuggingFaceConfig } from './hf-config.ts';
import { readJsonFile } from './hf-json.ts';
import { type Placement, placements } from './hf-layout.ts';
import { openShards, type Shard, type ShardTensor } from './hf-shards.ts';
import { readHuggingFaceTokenizer } from './hf-tokenizer-files.ts';
import { readAt } from './read-at.ts';
import { huggingFaceNames } from './source-names.ts';
import { type StorageType, storedBytes } from './storage.ts';
import {
  rowsAndColumns,
  type SourceTensor,
  type TokenizerFiles,
  type WeightSource,
} from './weight-source.ts';

/**
 * Opens a Hugging Face directory: config.json, model.safetensors (or its shards), tokenizer.json.
 * Throws as `parseHuggingFaceConfig`, `openShards` and `checkTensors` do.
 */
export async function openHuggingFace(directory: string): Promise<WeightSource> {
  const entries = new Set(await readdir(directory));
  const json = await readJsonFile(join(directory, 'config.json'), 'config.json');
  const shards = await openShards(directory, entries);
  try {
    const hasHead = shards.some(({ tensors }) => tensors.some(({ name }) => name === `${HEAD}.weight`));
    const config = parseHuggingFaceConfig(json, hasHead);
    const source = new HuggingFaceSource(directory, entries, json, config, shards);
    checkTensors(config, source.tensors);
    return source;
  } catch (error) {
    await Promise.all(shards.map(({ file }) => file.close()));
    throw error;
  }
}

/** A tensor in the model's shape, and where it lies. */
interface PlacedTensor extends SourceTensor, Placement {
  readonly stored: ShardTensor;
}

class HuggingFaceSource implements WeightSource {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
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
    config: ModelConfig,
    shards: readonly Shard[],
  ) {
    this.config = config;
    this.files = shards.map(({ name, path, bytes }) => ({ name, path, bytes }));
    this.tensors = new Map(
      shards
        .flatMap(({ tensors }) => tensors.flatMap((stored) => place(stored, config)))
        .map((tensor) => [tensor.name, tensor]),
    );
    this.names = huggingFaceNames(json.get('_name_or_path'));
    this.#directory = directory;
    this.#entries = entries;
    this.#json = json;
    this.#shards = shards;
  }

  async readRows({ name }: SourceTensor, start: number, count: number): Promise<Uint8Array> {
    const { stored, firstRow, transposed, shift } = this.tensors.get(name)!;
    const { rows, columns } = rowsAndColumns(stored);
    const rowBytes = storedBytes(stored.storage, columns);
    if (!transposed) {
      const at = stored.offset + (firstRow + start) * rowBytes;
      const bytes = await readAt(stored.file, at, count * rowBytes, name);
      return shift === 0 ? bytes : shifted(bytes, stored.storage, shift);
    }
    const whole = await readAt(stored.file, stored.offset, rows * rowBytes, name);
    return columnsAsRows(whole, rows, rowBytes / columns, { start, count, columns });
  }

  readTokenizer(): Promise<TokenizerFiles> {
    return readHuggingFaceTokenizer(this.#directory, this.#entries, this.#json);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map(({ file }) => file.close()));
  }
}

/** The tensors of the model that a stored one holds. Throws when they are not its rows, all of them. */
function place(stored: ShardTensor, config: ModelConfig): PlacedTensor[] {
  const { shape, storage } = stored;
  return placements(stored.name, config).map((placement) => {
    const { part, transposed } = placement;
    if (part !== null && part.of !== shape[0]) {
      const message = `Tensor ${stored.name} has shape [${shape.join(', ')}], expected ${part.of} rows.`;
      throw unsupportedModel('tensor_shape', stored.name, message, { expected: part.of, given: shape });
    }
    const own = part === null ? shape : shape.with(0, part.rows);
    return {
      ...placement,
      shape: transposed ? own.toReversed() : own,
      // A sum is not one of the half precision numbers any more.
      storage: placement.shift === 0 ? storage : 'F32',
      stored,
    };
  });
}

/** Numbers with `shift` added to each, as float32. */
function shifted(bytes: Uint8Array, storage: StorageType, shift: number): Uint8Array {
  const values = toFloat32(storage, bytes).map((value) => value + shift);
  return new Uint8Array(values.buffer);
}

/** Columns of a [rows, columns] matrix as the rows of its transpose. */
function columnsAsRows(
  matrix: Uint8Array,
  rows: number,
  elementBytes: number,
  { start, count, columns }: { readonly start: number; readonly count: number; readonly columns: number },
): Uint8Array {
  const transposed = new Uint8Array(count * rows * elementBytes);
  for (let column = 0; column < count; column++) {
    for (let row = 0; row < rows; row++) {
      const from = (row * columns + start + column) * elementBytes;
      const to = (column * rows + row) * elementBytes;
      for (let byte = 0; byte < elementBytes; byte++) transposed[to + byte] = matrix[from + byte]!;
    }
  }
  return transposed;
}
