import { excerpt, isJsonObject, JsonError, type JsonObject, type JsonValue, parseJson } from './json.ts';
import { parseEntry, type SafetensorsEntry } from './safetensors-entry.ts';
import { refusal } from './safetensors-refusal.ts';

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes; together they cover the data section exactly. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Byte offset of the data section in the file. */
  readonly dataStart: number;
}

interface SafetensorsLimits {
  /** The format's own limit is 100,000,000. */
  readonly maxHeaderBytes: number;
  readonly maxTensors: number;
  readonly maxDimensions: number;
}

const FORMAT_LIMITS: SafetensorsLimits = {
  maxHeaderBytes: 100_000_000,
  maxTensors: 1_000_000,
  maxDimensions: 16,
};

const PREFIX_BYTES = 8;
const OPENING_BRACE = 0x7b;
const METADATA = '__metadata__';

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
  const entries = tensors.map(([name, value]) => parseEntry(name, value, limits.maxDimensions));
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

/** Entries, in order of their offsets, must follow each other without a gap up to the end of the data. */
function assertCovered(entries: readonly SafetensorsEntry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, start, end } of entries) {
    if (end > dataBytes) {
      throw refusal('offset_out_of_range', `Tensor ${excerpt(name)} ends beyond the file.`, {
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
      throw refusal(code, `Tensor ${excerpt(name)} ${what}.`, {
        param: name,
        expected: covered,
        given: start,
      });
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
