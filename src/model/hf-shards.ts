import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { isJsonObject } from '../formats/json.ts';
import { headerLength, parseHeader, type SafetensorsEntry } from '../formats/safetensors.ts';
import { unsupportedModel } from './fields.ts';
import { readJsonFile } from './hf-json.ts';
import { openSource, readAt } from './read-at.ts';
import type { FloatStorage } from './storage.ts';
import type { SourceTensor } from './weight-source.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const FLOATS: readonly string[] = ['F32', 'F16', 'BF16'] satisfies FloatStorage[];

/** One safetensors file, open, with its tensors. */
export interface Shard {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly file: FileHandle;
  readonly tensors: readonly ShardTensor[];
}

export interface ShardTensor extends SourceTensor {
  readonly file: FileHandle;
  /** Byte offset in the file. */
  readonly offset: number;
}

/**
 * Opens `model.safetensors`, or the files that `model.safetensors.index.json` names. The caller closes them.
 * Throws `unprocessable` missing_file, invalid_index, or as the safetensors reader does, naming the file.
 */
export async function openShards(directory: string, entries: ReadonlySet<string>): Promise<readonly Shard[]> {
  if (entries.has(SINGLE)) return [await openShard(directory, SINGLE)];
  if (!entries.has(INDEX)) {
    throw unsupportedModel('missing_file', SINGLE, `${directory} has neither ${SINGLE} nor ${INDEX}.`, {
      expected: [SINGLE, INDEX],
    });
  }
  const index = await readIndex(directory);
  const shards: Shard[] = [];
  try {
    for (const name of new Set(index.values())) shards.push(await openShard(directory, name));
    assertIndex(index, shards);
    return shards;
  } catch (error) {
    await Promise.all(shards.map(({ file }) => file.close()));
    throw error;
  }
}

/** Tensor name to file name. */
async function readIndex(directory: string): Promise<ReadonlyMap<string, string>> {
  const map = (await readJsonFile(join(directory, INDEX), INDEX)).get('weight_map');
  if (!isJsonObject(map)) {
    throw unsupportedModel('invalid_index', 'weight_map', `${INDEX} has no object weight_map.`);
  }
  const index = new Map<string, string>();
  for (const [tensor, file] of map) {
    // A plain name: the index must not lead out of the directory.
    if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file)) {
      throw unsupportedModel('invalid_index', tensor, `${INDEX} names no safetensors file for ${tensor}.`, {
        expected: 'the name of a .safetensors file in the same directory',
        given: file,
      });
    }
    index.set(tensor, file);
  }
  return index;
}

/** Every tensor must stand where the index says, and only there. */
function assertIndex(index: ReadonlyMap<string, string>, shards: readonly Shard[]): void {
  const found = new Set<string>();
  for (const shard of shards) {
    for (const { name } of shard.tensors) {
      if (index.get(name) !== shard.name) {
        throw unsupportedModel(
          'invalid_index',
          name,
          `${INDEX} does not place tensor ${name} in ${shard.name}.`,
          {
            expected: index.get(name) ?? 'no such tensor',
            given: shard.name,
          },
        );
      }
      found.add(name);
    }
  }
  for (const [tensor, file] of index) {
    if (!found.has(tensor)) {
      throw unsupportedModel('missing_tensor', tensor, `${file} does not hold tensor ${tensor}.`, {
        expected: file,
      });
    }
  }
}

async function openShard(directory: string, name: string): Promise<Shard> {
  const path = join(directory, name);
  const file = await openSource(path, name);
  try {
    const { size } = await file.stat();
    const { dataStart, tensors } = await readHeader(file, name, size);
    return {
      name,
      path,
      bytes: size,
      file,
      tensors: tensors.map((entry) => ({ ...toTensor(entry), file, offset: dataStart + entry.start })),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: FileHandle,
  name: string,
  size: number,
): Promise<ReturnType<typeof parseHeader>> {
  try {
    const length = headerLength(await readAt(file, 0, Math.min(8, size), name));
    const header = await readAt(file, 8, Math.min(length, size - 8), name);
    return parseHeader(header, size - 8 - length);
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    const { code, message, param, expected, given } = cause;
    throw new DomainError('unprocessable', code, `${name}: ${message}`, {
      param: param ?? name,
      expected,
      given,
      cause,
    });
  }
}

function toTensor({ name, dtype, shape }: SafetensorsEntry): SourceTensor {
  if (!FLOATS.includes(dtype)) {
    throw unsupportedModel('unsupported_tensor_type', name, `Tensor ${name} has type ${dtype}.`, {
      expected: FLOATS,
      given: dtype,
    });
  }
  return { name, shape, storage: dtype as FloatStorage };
}
