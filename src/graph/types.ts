import type { Graph } from './graph.ts';

/** Element types that the graphs use, under ONNX's names in lower case. */
export type DType = 'float32' | 'float16' | 'float64' | 'int64' | 'int8' | 'uint8' | 'bool';

/** A size, or an expression over named sizes such as `batch` or `past + sequence` (see dims.ts). */
export type Dim = number | string;
export type Shape = readonly Dim[];

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** ONNX attribute values; the tag is needed because ONNX tells 1 from 1.0. */
export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'string'; readonly value: string }
  /** What a Loop repeats. */
  | { readonly type: 'graph'; readonly value: Graph };
export type Attributes = Readonly<Record<string, Attribute>>;

/** A tensor that the caller feeds. */
export interface Input extends TensorType {
  readonly kind: 'input';
  readonly name: string;
}

/** Truth values are bytes, 0 or 1. */
export type TensorData = Float32Array | Float64Array | BigInt64Array | Int8Array | Uint8Array;

/** A tensor stored inside the model file. */
export interface Constant extends TensorType {
  readonly kind: 'constant';
  readonly data: TensorData;
}

/** A weight stored outside the model file, as ONNX external data. */
export interface External extends TensorType {
  readonly kind: 'external';
  readonly name: string;
  /** Path relative to the model file. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** An output of a node. */
export interface Result extends TensorType {
  readonly kind: 'result';
  readonly node: Node;
  readonly index: number;
}

export type Value = Input | Constant | External | Result;

/** The empty string is the standard ONNX domain. */
export type Domain = '' | 'com.microsoft';

/** One operator application. Plain data: shape rules and gradient rules look the op up by name. */
export interface Node {
  readonly op: string;
  readonly domain: Domain;
  /** Null where an optional input is left out. */
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Result[];
}

/** A mistake in how a graph is put together: a bug of its author or weights that do not fit. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
}
