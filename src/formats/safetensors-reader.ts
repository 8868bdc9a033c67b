import { DomainError, type ErrorDetails } from '../domain/errors.ts';
import { isJsonObject, JsonError, type JsonObject, type JsonValue, parseJson } from './json.ts';
import { DTYPE_BITS, isSafetensorsDtype, type SafetensorsDtype } from './safetensors-dtype.ts';

/** One tensor. `start` and `end` are byte offsets in the data section, that is from `dataStart` on. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  /** Empty for a scalar; a dimension may be 0. */
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes; together they cover the data section exactly. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Byte offset of the data section in the file. */
  readonly dataStart: number;
}

export interface SafetensorsLimits {
  /** The format's own limit is 100,000,000. */
  readonly maxHeaderBytes: number;
  readonly maxTensors: number;
  readonly maxDimensions: number;
}

export const FORMAT_LIMITS: SafetensorsLimits = {
  maxHeaderBytes: 100_000_000,
  maxTensors: 1_000_000,
  maxDimensions: 16,
};

const PREFIX_BYTES = 8;
const OPENING_BRACE = 0x7b;
const METADATA = '__metadata__';
const ENTRY_FIELDS = ['dtype', 'shape', 'data_offsets'];

/** The header's length in bytes, from the file's first eight. Throws `invalid` safetensors_too_short, _header_too_large. */
export function headerLength(first8: Uint8Array, maxBytes = FORMAT_LIMITS.maxHeaderBytes): number {
  if (first8.length < PREFIX_BYTES) {
    throw refusal('too_short', 'The file is too short to be a safetensors file.', {
      expected: `at least ${PREFIX_BYTES} bytes`,
      given: first8.length,
    });
  }
  const length = new DataView(first8.buffer, first8.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(maxBytes)) {
    throw refusal('header_too_large', `The header may have at most ${maxBytes} bytes.`, {
      expected: maxBytes,
      given: `${length}`,
    });
  }
  return Number(length);
}

/**
 * Checks the header (without its length prefix) of a file whose data section has `dataBytes` bytes.
 * Throws `invalid` with a code of its own for every rule of the format: see the tests for the list.
 */
export function parseHeader(
  headerJson: Uint8Array,
  dataBytes: number,
  limits: SafetensorsLimits = FORMAT_LIMITS,
): SafetensorsHeader {
  if (dataBytes < 0) {
    throw refusal('header_beyond_file', 'The header is longer than the file.', {
      expected: headerJson.length,
      given: headerJson.length + dataBytes,
    });
  }
  const header = parseObject(headerJson);
  const tensors = [...header].filter(([name]) => name !== METADATA);
  if (tensors.length > limits.maxTensors) {
    throw refusal('too_many_tensors', `A file may hold at most ${limits.maxTensors} tensors.`, {
      expected: limits.maxTensors,
      given: tensors.length,
    });
  }
  const entries = tensors.map(([name, value]) => parseEntry(name, value, limits));
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  assertCovered(entries, dataBytes);
  return {
    metadata: parseMetadata(header.get(METADATA)),
    tensors: entries,
    dataStart: PREFIX_BYTES + headerJson.length,
  };
}

/** Checks a whole file in memory. Throws as {@link headerLength} and {@link parseHeader} do. */
export function parseSafetensors(
  file: Uint8Array,
  limits: SafetensorsLimits = FORMAT_LIMITS,
): SafetensorsHeader {
  const length = headerLength(file.subarray(0, PREFIX_BYTES), limits.maxHeaderBytes);
  const header = file.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  if (header.length < length) {
    throw refusal('header_beyond_file', 'The header is longer than the file.', {
      expected: length,
      given: header.length,
    });
  }
  return parseHeader(header, file.length - PREFIX_BYTES - length, limits);
}

/** The bytes of one tensor, as a view into `file`. */
export function tensorBytes(
  file: Uint8Array,
  header: SafetensorsHeader,
  entry: SafetensorsEntry,
): Uint8Array {
  return file.subarray(header.dataStart + entry.start, header.dataStart + entry.end);
}

function parseObject(headerJson: Uint8Array): JsonObject {
  if (headerJson[0] !== OPENING_BRACE) {
    throw refusal('header_start', 'The header must begin with "{".', {
      expected: OPENING_BRACE,
      given: headerJson[0] ?? 'an empty header',
    });
  }
  try {
    // A text that begins with "{" and parses is an object. Its deepest part is a tensor's shape.
    return parseJson(headerJson, { maxDepth: 3, numbers: 'unsigned' }) as JsonObject;
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw refusal(cause.fault, `The header is not acceptable: ${cause.message}`, {
      given: cause.given,
      cause,
    });
  }
}

function parseMetadata(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const entries = isJsonObject(value) ? [...value] : null;
  if (entries === null || !entries.every(([, text]) => typeof text === 'string')) {
    throw refusal('metadata', `${METADATA} must map strings to strings.`, {
      param: METADATA,
      expected: 'an object of strings',
    });
  }
  return Object.fromEntries(entries as [string, string][]);
}

function parseEntry(name: string, value: JsonValue, limits: SafetensorsLimits): SafetensorsEntry {
  const fields = isJsonObject(value) ? value : new Map<string, JsonValue>();
  if (fields.size !== ENTRY_FIELDS.length || !ENTRY_FIELDS.every((field) => fields.has(field))) {
    throw refusal('tensor_fields', `Tensor ${name} must have exactly dtype, shape and data_offsets.`, {
      param: name,
      expected: ENTRY_FIELDS,
      given: isJsonObject(value) ? [...fields.keys()].slice(0, 10) : value,
    });
  }
  const dtype = fields.get('dtype');
  if (!isSafetensorsDtype(dtype)) {
    throw refusal('dtype', `Tensor ${name} has an unknown dtype.`, {
      param: name,
      expected: Object.keys(DTYPE_BITS),
      given: typeof dtype === 'string' ? dtype.slice(0, 40) : dtype,
    });
  }
  const shape = integers(fields.get('shape'));
  if (shape === null || shape.length > limits.maxDimensions) {
    throw refusal('shape', `Tensor ${name} must have a shape of at most ${limits.maxDimensions} integers.`, {
      param: name,
      expected: `at most ${limits.maxDimensions} dimensions`,
      given: shape?.length ?? 'no list of integers',
    });
  }
  const [start, end, ...more] = integers(fields.get('data_offsets')) ?? [];
  if (start === undefined || end === undefined || more.length > 0 || start > end) {
    throw refusal('offsets', `Tensor ${name} must have data_offsets [start, end] with start <= end.`, {
      param: name,
      expected: '[start, end]',
      given: fields.get('data_offsets'),
    });
  }
  assertSize(name, dtype, shape, end - start);
  return { name, dtype, shape, start, end };
}

function integers(value: JsonValue | undefined): number[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((item) => typeof item === 'number') ? value : null;
}

function assertSize(name: string, dtype: SafetensorsDtype, shape: readonly number[], bytes: number): void {
  const elements = shape.reduce((product, size) => product * BigInt(size), 1n);
  const bits = elements * BigInt(DTYPE_BITS[dtype]);
  if (bits > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refusal('shape_overflow', `The shape of tensor ${name} is too large to be addressed.`, {
      param: name,
      expected: `at most ${Number.MAX_SAFE_INTEGER} bits`,
      given: shape,
    });
  }
  if (bits !== BigInt(bytes) * 8n) {
    throw refusal('size_mismatch', `The data_offsets of tensor ${name} do not fit its dtype and shape.`, {
      param: name,
      expected: `${Number(bits) / 8} bytes (${dtype} [${shape.join(', ')}])`,
      given: `${bytes} bytes`,
    });
  }
}

/** Entries, in order of their offsets, must follow each other without a gap up to the end of the data. */
function assertCovered(entries: readonly SafetensorsEntry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, start, end } of entries) {
    if (end > dataBytes) {
      throw refusal('offset_out_of_range', `Tensor ${name} ends beyond the file.`, {
        param: name,
        expected: `an end of at most ${dataBytes}`,
        given: end,
      });
    }
    if (start !== covered) {
      const [code, what] =
        start < covered
          ? ['overlap', 'overlaps the one before it']
          : ['hole', 'leaves bytes before it unused'];
      throw refusal(code, `Tensor ${name} ${what}.`, { param: name, expected: covered, given: start });
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw refusal('trailing_bytes', 'Bytes that belong to no tensor follow the last one.', {
      expected: covered,
      given: dataBytes,
    });
  }
}

function refusal(rule: string, message: string, details: ErrorDetails): DomainError {
  return new DomainError('invalid', `safetensors_${rule}`, message, { param: 'header', ...details });
}
