import {
  ForeignAttributeProto,
  ForeignNodeProto,
  ForeignOpsetProto,
  ForeignTensorProto,
  ForeignValueProto,
} from './foreign-schema.ts';
import { EXTERNAL_DATA } from './onnx-schema.ts';

/** A node of a model that another program wrote; values are known by name, '' is an input left out. */
export interface ForeignNode {
  readonly op: string;
  /** The empty string is the standard domain. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** AttributeProto messages, as they came. */
  readonly attributes: readonly Uint8Array[];
}

/** What of a node's attributes decides about it. */
export interface ForeignAttribute {
  readonly name: string;
  readonly int: number;
  readonly float: number;
  readonly ints: readonly number[];
  /** It holds another graph (If, Loop, Scan). */
  readonly holdsGraph: boolean;
  /** It holds a tensor whose numbers lie in another file, or one of a kind that is not read. */
  readonly holdsForeignTensor: boolean;
}

/** A tensor whose numbers lie elsewhere or, in small ones, in typed fields. */
export interface ForeignTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType. */
  readonly dataType: number;
  /** The numbers of a tensor that keeps them in `float_data`, `int32_data` or `int64_data`; else empty. */
  readonly typed: readonly number[];
  /** It keeps numbers in a typed field of any kind. */
  readonly isTyped: boolean;
  /** Entries such as location, offset and length; null unless the tensor is external data. */
  readonly external: ReadonlyMap<string, string> | null;
  /** It is one segment of a larger tensor, or text. */
  readonly isUnreadable: boolean;
  /** The message without its raw data. */
  readonly encoded: Uint8Array;
}

/** An input or output. Sizes that have no number are null; a rank that is not said is null as well. */
export interface ForeignValue {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly (number | null)[] | null;
}

type Message = Readonly<Record<string, unknown>>;
type Long = number | { toNumber(): number };

const toNumber = (value: Long): number => (typeof value === 'number' ? value : value.toNumber());

export function decodeForeignNode(bytes: Uint8Array): ForeignNode {
  const { opType, domain, name, input, output, attribute } = ForeignNodeProto.decode(
    bytes,
  ) as unknown as Message;
  return {
    op: opType as string,
    // Two names of the same domain.
    domain: domain === 'ai.onnx' ? '' : (domain as string),
    name: name as string,
    inputs: input as string[],
    outputs: output as string[],
    attributes: attribute as Uint8Array[],
  };
}

export function decodeForeignAttributes({ attributes }: ForeignNode): readonly ForeignAttribute[] {
  return attributes.map((bytes) => {
    const decoded = ForeignAttributeProto.decode(bytes) as unknown as {
      readonly [field: string]: unknown;
      readonly ints: readonly Long[];
    };
    const has = (field: string): boolean => {
      const value = decoded[field];
      return Array.isArray(value) ? value.length > 0 : Object.hasOwn(decoded, field);
    };
    const tensor = decoded.t as { readonly dataLocation: number } | null;
    return {
      name: decoded.name as string,
      int: toNumber(decoded.i as Long),
      float: decoded.f as number,
      ints: decoded.ints.map(toNumber),
      holdsGraph: has('g') || has('graphs'),
      holdsForeignTensor:
        tensor?.dataLocation === EXTERNAL_DATA ||
        has('tensors') ||
        has('sparseTensor') ||
        has('sparseTensors'),
    };
  });
}

/** @param bytes a TensorProto without its raw data */
export function decodeForeignTensor(bytes: Uint8Array): ForeignTensor {
  const decoded = ForeignTensorProto.decode(bytes) as unknown as {
    readonly [field: string]: unknown;
    readonly dims: readonly Long[];
    readonly externalData: readonly { readonly key: string; readonly value: string }[];
  };
  const numbers = (field: string): number[] => (decoded[field] as readonly Long[]).map(toNumber);
  const typed = [...numbers('floatData'), ...numbers('int32Data'), ...numbers('int64Data')];
  const others = ['doubleData', 'uint64Data'].some((field) => (decoded[field] as unknown[]).length > 0);
  return {
    name: decoded.name as string,
    dims: decoded.dims.map(toNumber),
    dataType: decoded.dataType as number,
    typed,
    isTyped: typed.length > 0 || others,
    external:
      decoded.dataLocation === EXTERNAL_DATA
        ? new Map(decoded.externalData.map(({ key, value }) => [key, value]))
        : null,
    isUnreadable: Object.hasOwn(decoded, 'segment') || (decoded.stringData as unknown[]).length > 0,
    encoded: bytes,
  };
}

export function decodeForeignValue(bytes: Uint8Array): ForeignValue {
  const { name, type } = ForeignValueProto.decode(bytes) as unknown as {
    readonly name: string;
    readonly type: { readonly tensorType: TensorTypeMessage | null } | null;
  };
  const tensor = type?.tensorType ?? null;
  const dims = tensor?.shape?.dim.map((dim) =>
    Object.hasOwn(dim, 'dimValue') ? toNumber(dim.dimValue) : null,
  );
  return { name, dataType: tensor?.elemType ?? 0, dims: dims ?? null };
}

interface TensorTypeMessage {
  readonly elemType: number;
  readonly shape: { readonly dim: readonly { readonly dimValue: Long }[] } | null;
}

export function decodeForeignOpset(bytes: Uint8Array): { readonly domain: string; readonly version: number } {
  const { domain, version } = ForeignOpsetProto.decode(bytes) as unknown as {
    readonly domain: string;
    readonly version: Long;
  };
  return { domain: domain === 'ai.onnx' ? '' : domain, version: toNumber(version) };
}
