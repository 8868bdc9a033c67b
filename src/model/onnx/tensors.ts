import { type FileHandle, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { unsupportedModel } from '../fields.ts';
import { openSource, readAt } from '../read-at.ts';
import type { SourceFile } from '../weight-source.ts';
import type { OnnxModel, OnnxTensor } from './read.ts';

/** Bits of an element by TensorProto.DataType: everything but text and complex numbers. */
const BITS: ReadonlyMap<number, number> = new Map([
  [1, 32],
  [2, 8],
  [3, 8],
  [4, 16],
  [5, 16],
  [6, 32],
  [7, 64],
  [9, 8],
  [10, 16],
  [11, 64],
  [12, 32],
  [13, 64],
  [16, 16],
  [17, 8],
  [18, 8],
  [19, 8],
  [20, 8],
  [21, 4],
  [22, 4],
]);

/** Where the bytes of a tensor lie; null for one that keeps its numbers in typed fields. */
interface Place {
  readonly file: OpenFile;
  readonly offset: number;
  readonly bytes: number;
}

interface OpenFile extends SourceFile {
  readonly handle: FileHandle;
}

/** The numbers of a model's tensors, in model.onnx and the files of its external data. */
export class OnnxTensors {
  readonly #places: ReadonlyMap<string, Place | null>;
  readonly #files: readonly OpenFile[];

  private constructor(places: ReadonlyMap<string, Place | null>, files: readonly OpenFile[]) {
    this.#places = places;
    this.#files = files;
  }

  /**
   * Opens the files of all tensors. Throws `unprocessable` missing_file, onnx_external_data for a path that leaves
   * the model's directory, truncated_file, unsupported_tensor_type and tensor_shape.
   */
  static async open(model: OnnxModel, path: string, name: string): Promise<OnnxTensors> {
    const files = new Map<string, OpenFile>();
    try {
      files.set('', await openFile(path, name));
      const places = new Map<string, Place | null>();
      for (const tensor of model.tensors.values()) {
        places.set(tensor.name, await placeOf(tensor, dirname(path), files));
      }
      return new OnnxTensors(places, [...files.values()]);
    } catch (error) {
      await closeAll(files.values());
      throw error;
    }
  }

  get files(): readonly SourceFile[] {
    return this.#files.map(({ name, path, bytes }) => ({ name, path, bytes }));
  }

  /** Bytes of a tensor's raw data; null where it keeps its numbers in typed fields. */
  bytesOf({ name }: OnnxTensor): number | null {
    return this.#places.get(name)?.bytes ?? null;
  }

  /** `bytes` bytes of the raw data from `offset` on. Throws `unprocessable` truncated_file. */
  read({ name }: OnnxTensor, offset: number, bytes: number): Promise<Uint8Array> {
    const { file, offset: start } = this.#places.get(name)!;
    return readAt(file.handle, start + offset, bytes, name);
  }

  async close(): Promise<void> {
    await closeAll(this.#files);
  }
}

async function closeAll(files: Iterable<OpenFile>): Promise<void> {
  await Promise.all(Array.from(files, ({ handle }) => handle.close()));
}

async function openFile(path: string, name: string): Promise<OpenFile> {
  const handle = await openSource(path, name);
  return { name, path, bytes: (await handle.stat()).size, handle };
}

/** @param files by location; '' is the model itself. A file that is met first is opened and added. */
async function placeOf(
  tensor: OnnxTensor,
  directory: string,
  files: Map<string, OpenFile>,
): Promise<Place | null> {
  const expected = rawBytes(tensor);
  if (tensor.external === null && tensor.isTyped) return null;
  const raw = tensor.raw ?? { offset: 0, bytes: 0 };
  const { location, offset, bytes } =
    tensor.external === null
      ? { location: '', ...raw }
      : externalPlace(tensor.name, tensor.external, expected);
  if (bytes !== expected) {
    throw unsupportedModel('tensor_shape', tensor.name, `Tensor ${tensor.name} has ${bytes} bytes.`, {
      expected: `${expected} bytes for the shape [${tensor.dims.join(', ')}]`,
      given: bytes,
    });
  }
  let file = files.get(location);
  if (file === undefined) {
    file = await openFile(await externalPath(tensor.name, location, directory), location);
    files.set(location, file);
  }
  if (offset + bytes > file.bytes) {
    throw unsupportedModel('truncated_file', tensor.name, `${file.name} ends inside ${tensor.name}.`, {
      expected: offset + bytes,
      given: file.bytes,
    });
  }
  return { file, offset, bytes };
}

/** Bytes that a tensor's shape and type take. Throws `unprocessable` unsupported_tensor_type, tensor_shape. */
export function rawBytes({ name, dims, dataType, isUnreadable }: OnnxTensor): number {
  const bits = BITS.get(dataType);
  if (bits === undefined || isUnreadable) {
    throw unsupportedModel('unsupported_tensor_type', name, `Tensor ${name} is of a type that is not read.`, {
      expected: 'numbers, in one piece',
      given: `data type ${dataType}`,
    });
  }
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (dims.some((dim) => dim < 0) || !Number.isSafeInteger(elements * bits)) {
    throw unsupportedModel('tensor_shape', name, `Tensor ${name} has shape [${dims.join(', ')}].`, {
      expected: 'sizes of at least 0',
      given: dims,
    });
  }
  return Math.ceil((elements * bits) / 8);
}

function externalPlace(name: string, entries: ReadonlyMap<string, string>, expected: number) {
  const location = entries.get('location') ?? '';
  const offset = Number(entries.get('offset') ?? 0);
  const bytes = Number(entries.get('length') ?? expected);
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (location === '' || !isCount(offset) || !isCount(bytes)) {
    throw unsupportedModel('onnx_external_data', name, `Tensor ${name} does not say where its data lies.`, {
      expected: 'location, offset and length',
      given: Object.fromEntries(entries),
    });
  }
  return { location, offset, bytes };
}

/** The file of external data, which must lie where the model lies, links followed. */
async function externalPath(name: string, location: string, directory: string): Promise<string> {
  const refusal = (given: string): Error =>
    unsupportedModel(
      'onnx_external_data',
      name,
      `Tensor ${name} has its data in ${location}, outside of the model's directory.`,
      { expected: 'a file in the directory of the model, and no link out of it', given },
    );
  const isWithin = !isAbsolute(location) && !/[\\\0]/.test(location) && !location.split('/').includes('..');
  if (!isWithin) throw refusal(location);
  const path = join(directory, location);
  const real = await realpath(path).catch(() => path);
  if (!real.startsWith((await realpath(directory)) + sep)) throw refusal(real);
  return path;
}
