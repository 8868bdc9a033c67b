import type { StorageType } from './storage.ts';

/** ggml's type numbers (`enum ggml_type`) with names, for messages about those that cannot be read too. */
export const GGML_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [6, 'Q5_0'],
  [7, 'Q5_1'],
  [8, 'Q8_0'],
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [12, 'Q4_K'],
  [13, 'Q5_K'],
  [14, 'Q6_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [30, 'BF16'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
]);

/** Metadata value types (`enum gguf_type`). `bytes`: the least that one value takes in the file. */
export const GGUF_VALUE_TYPES = [
  { name: 'uint8', bytes: 1 },
  { name: 'int8', bytes: 1 },
  { name: 'uint16', bytes: 2 },
  { name: 'int16', bytes: 2 },
  { name: 'uint32', bytes: 4 },
  { name: 'int32', bytes: 4 },
  { name: 'float32', bytes: 4 },
  { name: 'bool', bytes: 1 },
  { name: 'string', bytes: 8 },
  { name: 'array', bytes: 12 },
  { name: 'uint64', bytes: 8 },
  { name: 'int64', bytes: 8 },
  { name: 'float64', bytes: 8 },
] as const;

export type GgufScalarType = Exclude<(typeof GGUF_VALUE_TYPES)[number]['name'], 'array'>;

/** 64-bit integers beyond 2^53 stay bigint. */
export type GgufScalar = number | bigint | boolean | string;
export type GgufValue = GgufScalar | readonly GgufScalar[];

export interface GgufTensorInfo {
  readonly name: string;
  /** In the order of numpy and torch, the contiguous axis last (the file holds it the other way round). */
  readonly shape: readonly number[];
  readonly storage: StorageType;
  /** Byte offset in the file. */
  readonly offset: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensorInfo[];
}
