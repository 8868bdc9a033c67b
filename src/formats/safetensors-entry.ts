import { describeJson, excerpt, isJsonObject, type JsonValue } from './json.ts';
import { DTYPE_BITS, isSafetensorsDtype, type SafetensorsDtype } from './safetensors-dtype.ts';
import { refusal } from './safetensors-refusal.ts';

/** One tensor. `start` and `end` are byte offsets in the data section, that is from `dataStart` on. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  /** Empty for a scalar; a dimension may be 0. */
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

const ENTRY_FIELDS = ['dtype', 'shape', 'data_offsets'];

/**
 * Checks one member of the header for itself; where it stands among the others is the reader's matter.
 * Throws `invalid` safetensors_tensor_fields, _dtype, _shape, _offsets, _shape_overflow, _size_mismatch.
 */
export function parseEntry(name: string, value: JsonValue, maxDimensions: number): SafetensorsEntry {
  const fields = isJsonObject(value) ? value : new Map<string, JsonValue>();
  if (fields.size !== ENTRY_FIELDS.length || !ENTRY_FIELDS.every((field) => fields.has(field))) {
    throw refusal(
      'tensor_fields',
      `Tensor ${excerpt(name)} must have exactly dtype, shape and data_offsets.`,
      {
        param: name,
        expected: ENTRY_FIELDS,
        given: isJsonObject(value) ? [...fields.keys()].slice(0, 4).map(excerpt) : describeJson(value),
      },
    );
  }
  const dtype = fields.get('dtype');
  if (!isSafetensorsDtype(dtype)) {
    throw refusal('dtype', `Tensor ${excerpt(name)} has an unknown dtype.`, {
      param: name,
      expected: Object.keys(DTYPE_BITS),
      given: describeJson(dtype),
    });
  }
  const shape = integers(fields.get('shape'));
  if (shape === null || shape.length > maxDimensions) {
    throw refusal(
      'shape',
      `Tensor ${excerpt(name)} must have a shape of at most ${maxDimensions} integers.`,
      {
        param: name,
        expected: `at most ${maxDimensions} dimensions`,
        given: shape?.length ?? 'no list of integers',
      },
    );
  }
  const [start, end, ...more] = integers(fields.get('data_offsets')) ?? [];
  if (start === undefined || end === undefined || more.length > 0 || start > end) {
    throw refusal(
      'offsets',
      `Tensor ${excerpt(name)} must have data_offsets [start, end] with start <= end.`,
      {
        param: name,
        expected: '[start, end]',
        given: describeJson(fields.get('data_offsets')),
      },
    );
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
    throw refusal('shape_overflow', `The shape of tensor ${excerpt(name)} is too large to be addressed.`, {
      param: name,
      expected: `at most ${Number.MAX_SAFE_INTEGER} bits`,
      given: shape,
    });
  }
  if (bits !== BigInt(bytes) * 8n) {
    throw refusal(
      'size_mismatch',
      `The data_offsets of tensor ${excerpt(name)} do not fit its dtype and shape.`,
      {
        param: name,
        expected: `${Number(bits) / 8} bytes (${dtype} [${shape.join(', ')}])`,
        given: `${bytes} bytes`,
      },
    );
  }
}
