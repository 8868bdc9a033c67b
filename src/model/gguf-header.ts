import { unsupportedModel } from './fields.ts';
import { GgufCursor } from './gguf-cursor.ts';
import {
  GGML_TYPES,
  GGUF_VALUE_TYPES,
  type GgufHeader,
  type GgufScalar,
  type GgufTensorInfo,
  type GgufValue,
} from './gguf-types.ts';
import { STORAGE, type StorageType, storedBytes } from './storage.ts';

/** 'GGUF' read as a little-endian integer. */
const MAGIC = 0x46554747;
const DEFAULT_ALIGNMENT = 32;
/** ggml's GGML_MAX_DIMS. */
const MAX_DIMENSIONS = 4;
/** The largest header of a known model has about 20 MB. */
const MAX_HEADER_BYTES = 64 << 20;
/** More than any file has: sizes stay exact integers. */
const MAX_ELEMENTS = 2n ** 48n;
/** Least bytes of a metadata entry (key length, type, a one-byte value) and of a tensor entry. */
const METADATA_ENTRY_BYTES = 13;
const TENSOR_ENTRY_BYTES = 24;

/**
 * Reads the header of a GGUF file, version 2 or 3, little-endian (specification: docs/gguf.md of ggml).
 *
 * `@huggingface/gguf` does the same, but takes what lies behind the end of a truncated local file for zeros,
 * cuts strings there without an error, and checks no tensor against the file. Here every count is bounded by
 * the bytes that are left, and tensors must follow each other without gap or overlap, as ggml demands.
 *
 * Throws `unprocessable` not_gguf, unsupported_gguf, corrupt_gguf, truncated_file or unsupported_tensor_type;
 * `param` is the field or tensor.
 */
export function readGgufHeader(fd: number, fileBytes: number): GgufHeader {
  const cursor = new GgufCursor(fd, fileBytes);
  readVersion(cursor);
  const tensorCount = cursor.count('the number of tensors', TENSOR_ENTRY_BYTES);
  const entryCount = cursor.count('the number of metadata entries', METADATA_ENTRY_BYTES);
  const metadata = readMetadata(cursor, entryCount);
  return { metadata, tensors: readTensorInfos(cursor, tensorCount, readAlignment(metadata), fileBytes) };
}

function readVersion(cursor: GgufCursor): void {
  cursor.subject = 'magic';
  const magic = cursor.uint32();
  if (magic !== MAGIC) {
    throw unsupportedModel('not_gguf', 'magic', 'The file does not begin with "GGUF".', {
      expected: `0x${MAGIC.toString(16)}`,
      given: `0x${magic.toString(16)}`,
    });
  }
  cursor.subject = 'version';
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) {
    const what =
      (version & 0xffff) === 0 ? 'The file is big-endian' : `GGUF version ${version} is not supported`;
    throw unsupportedModel(
      'unsupported_gguf',
      'version',
      `${what}: convert it again with a current llama.cpp.`,
      {
        expected: [2, 3],
        given: version,
      },
    );
  }
  cursor.subject = 'header';
}

function readMetadata(cursor: GgufCursor, count: number): ReadonlyMap<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    cursor.subject = `metadata key ${i}`;
    const key = cursor.string();
    cursor.subject = key;
    if (metadata.has(key)) throw cursor.corrupt('the key stands twice in the metadata', { given: key });
    metadata.set(key, readValue(cursor));
    assertHeaderSize(cursor);
  }
  return metadata;
}

function readValue(cursor: GgufCursor): GgufValue {
  const type = readValueType(cursor);
  if (type.name !== 'array') return cursor.scalar(type.name);
  const element = readValueType(cursor);
  if (element.name === 'array') {
    throw cursor.corrupt('an array of arrays', { expected: 'scalars', given: 'array' });
  }
  const length = cursor.count('the length of an array', element.bytes);
  if (length * element.bytes > MAX_HEADER_BYTES) {
    throw cursor.corrupt('the array is too long', {
      expected: `at most ${MAX_HEADER_BYTES} bytes`,
      given: length,
    });
  }
  const values: GgufScalar[] = [];
  for (let i = 0; i < length; i++) values.push(cursor.scalar(element.name));
  return values;
}

function readValueType(cursor: GgufCursor): (typeof GGUF_VALUE_TYPES)[number] {
  const id = cursor.uint32();
  const type = GGUF_VALUE_TYPES[id];
  if (type === undefined) {
    throw cursor.corrupt(`unknown metadata value type ${id}`, {
      expected: `0 to ${GGUF_VALUE_TYPES.length - 1}`,
      given: id,
    });
  }
  return type;
}

function readAlignment(metadata: ReadonlyMap<string, GgufValue>): number {
  const value = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof value === 'number' && value >= 8 && value <= 1 << 20 && Number.isInteger(Math.log2(value)))
    return value;
  throw unsupportedModel('corrupt_gguf', 'general.alignment', 'general.alignment must be a power of two.', {
    expected: 'a power of two from 8 to 1048576',
    given: String(value),
  });
}

/** Tensor data begins at the next aligned byte behind the last entry; each tensor at the next one behind the one before. */
function readTensorInfos(
  cursor: GgufCursor,
  count: number,
  alignment: number,
  fileBytes: number,
): readonly GgufTensorInfo[] {
  const entries: { info: Omit<GgufTensorInfo, 'offset'>; offset: bigint }[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    cursor.subject = `tensor entry ${i}`;
    const name = cursor.string();
    cursor.subject = name;
    if (names.has(name)) throw cursor.corrupt('two tensors have this name', { given: name });
    names.add(name);
    const shape = readShape(cursor);
    entries.push({ info: { name, shape, storage: readStorage(cursor, shape) }, offset: cursor.uint64() });
    assertHeaderSize(cursor);
  }
  const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;
  const dataStart = align(cursor.position);
  let expected = 0;
  return entries.map(({ info, offset }) => {
    cursor.subject = info.name;
    if (offset !== BigInt(expected)) {
      throw cursor.corrupt(`the data begins at offset ${offset}, expected ${expected}`, {
        expected,
        given: `${offset}`,
      });
    }
    const bytes = storedBytes(
      info.storage,
      info.shape.reduce((a, b) => a * b, 1),
    );
    const end = dataStart + expected + bytes;
    if (end > fileBytes) {
      throw unsupportedModel(
        'truncated_file',
        info.name,
        `The file ends inside tensor ${info.name}: it should reach to byte ${end}, the file has ${fileBytes}.`,
        { expected: end, given: fileBytes },
      );
    }
    const start = dataStart + expected;
    expected += align(bytes);
    return { ...info, offset: start };
  });
}

function readShape(cursor: GgufCursor): readonly number[] {
  const dimensions = cursor.uint32();
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw cursor.corrupt(`${dimensions} dimensions`, {
      expected: `1 to ${MAX_DIMENSIONS}`,
      given: dimensions,
    });
  }
  const shape: number[] = [];
  let elements = 1n;
  for (let i = 0; i < dimensions; i++) {
    const size = cursor.uint64();
    elements *= size;
    if (size < 1n || elements > MAX_ELEMENTS) {
      throw cursor.corrupt(`axis ${i} has size ${size}`, {
        expected: `1 to ${MAX_ELEMENTS} elements in all`,
        given: `${size}`,
      });
    }
    shape.unshift(Number(size));
  }
  return shape;
}

function readStorage(cursor: GgufCursor, shape: readonly number[]): StorageType {
  const id = cursor.uint32();
  const name = GGML_TYPES.get(id) ?? `unknown type ${id}`;
  if (!isStorageType(name)) {
    throw unsupportedModel(
      'unsupported_tensor_type',
      cursor.subject,
      `Tensor ${cursor.subject} has type ${name}, which cannot be read.`,
      { expected: Object.keys(STORAGE), given: name },
    );
  }
  const { elements } = STORAGE[name];
  const columns = shape.at(-1)!;
  if (columns % elements !== 0) {
    throw cursor.corrupt(`rows of ${columns} values are not whole ${name} blocks`, {
      expected: `a multiple of ${elements}`,
      given: columns,
    });
  }
  return name;
}

function isStorageType(name: string): name is StorageType {
  return Object.hasOwn(STORAGE, name);
}

function assertHeaderSize(cursor: GgufCursor): void {
  if (cursor.position > MAX_HEADER_BYTES) {
    throw cursor.corrupt('the header is too large', { expected: MAX_HEADER_BYTES, given: cursor.position });
  }
}
