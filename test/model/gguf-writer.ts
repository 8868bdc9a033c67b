/** Numbers of `enum gguf_type`. */
const VALUE_TYPES = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9, uint64: 10 } as const;
/** Numbers of `enum ggml_type`. */
export const GGML_TYPE = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q8_0: 8,
  Q4_K: 12,
  Q6_K: 14,
  IQ4_XS: 23,
  BF16: 30,
} as const;

type ScalarType = Exclude<keyof typeof VALUE_TYPES, 'array'>;
type Scalar = number | boolean | string;

/** A metadata value: its type and content; `array` takes the type of its elements. */
export type GgufEntry =
  | readonly [ScalarType, Scalar]
  | readonly ['array', ScalarType | 'array', readonly Scalar[]];

export interface GgufTensor {
  readonly name: string;
  /** In numpy's order. */
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the header says that the data begin; by default where they do. */
  readonly offset?: number;
}

export interface GgufFile {
  readonly metadata: readonly (readonly [string, GgufEntry])[];
  readonly tensors: readonly GgufTensor[];
  readonly version?: number;
  /** Counts as the header states them; by default the real ones. */
  readonly tensorCount?: bigint;
  readonly entryCount?: bigint;
}

const ALIGNMENT = 32;

const padding = (length: number): Buffer => Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);

function scalar(type: ScalarType | 'array', value: Scalar): Buffer {
  switch (type) {
    case 'string':
      return text(String(value));
    case 'bool':
      return Buffer.from([Number(value)]);
    case 'float32':
      return Buffer.from(Float32Array.of(Number(value)).buffer);
    case 'uint64':
      return uint64(Number(value));
    default:
      return uint32(Number(value) >>> 0);
  }
}

function encodeEntry([key, entry]: readonly [string, GgufEntry]): Buffer {
  const head = [text(key), uint32(VALUE_TYPES[entry[0]])];
  if (entry[0] !== 'array') return Buffer.concat([...head, scalar(entry[0], entry[1])]);
  const [, type, values] = entry;
  const items = values.map((value) => scalar(type, value));
  return Buffer.concat([...head, uint32(VALUE_TYPES[type]), uint64(values.length), ...items]);
}

/** A little-endian GGUF file. */
export function encodeGguf(file: GgufFile): Buffer {
  const { metadata, tensors, version = 3 } = file;
  let end = 0;
  const infos = tensors.map(({ name, shape, type, data, offset }) => {
    const dims = shape.toReversed().map(uint64);
    const info = [text(name), uint32(shape.length), ...dims, uint32(type), uint64(offset ?? end)];
    end += data.length + padding(data.length).length;
    return Buffer.concat(info);
  });
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(version),
    uint64(file.tensorCount ?? tensors.length),
    uint64(file.entryCount ?? metadata.length),
    ...metadata.map(encodeEntry),
    ...infos,
  ]);
  const data = tensors.flatMap((tensor) => [tensor.data, padding(tensor.data.length)]);
  return Buffer.concat([header, padding(header.length), ...data]);
}
