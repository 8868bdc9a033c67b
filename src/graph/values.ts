import { checkShape } from './dims.ts';
import { inferTypes } from './shapes.ts';
import {
  type Attributes,
  type Constant,
  type Domain,
  type DType,
  type External,
  GraphError,
  type Input,
  type Node,
  type Result,
  type Shape,
  type TensorData,
  type TensorType,
  type Value,
} from './types.ts';

/** Bytes of one element. */
const ELEMENT_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  float64: 8,
  int64: 8,
  int8: 1,
  uint8: 1,
  bool: 1,
};

export function input(name: string, dtype: DType, shape: Shape): Input {
  checkShape(name, shape);
  return { kind: 'input', name, dtype, shape };
}

function elementCount(owner: string, shape: Shape): number {
  checkShape(owner, shape);
  return shape.reduce<number>((count, dim) => {
    if (typeof dim === 'string')
      throw new GraphError(`${owner}: a stored tensor cannot have the size ${dim}`);
    return count * dim;
  }, 1);
}

function constant(dtype: DType, shape: Shape, data: TensorData): Constant {
  const expected = elementCount('constant', shape);
  if (data.length !== expected) {
    throw new GraphError(`constant: ${data.length} elements given, shape [${shape}] has ${expected}`);
  }
  return { kind: 'constant', dtype, shape, data };
}

export const float32 = (data: Float32Array | readonly number[], shape: Shape = [data.length]): Constant =>
  constant('float32', shape, Float32Array.from(data));
export const int64 = (data: readonly number[], shape: Shape = [data.length]): Constant =>
  constant('int64', shape, BigInt64Array.from(data, BigInt));
export const int8 = (data: readonly number[], shape: Shape = [data.length]): Constant =>
  constant('int8', shape, Int8Array.from(data));
export const uint8 = (data: readonly number[], shape: Shape = [data.length]): Constant =>
  constant('uint8', shape, Uint8Array.from(data));

/** A truth value of shape []. */
export const bool = (value: boolean): Constant => constant('bool', [], Uint8Array.of(value ? 1 : 0));

/** A float32 of shape []. */
export const scalar = (value: number): Constant => float32([value], []);

/** A tensor in a file beside the model. Throws unless `bytes` is what dtype and shape need. */
export function external(tensor: Omit<External, 'kind'>): External {
  const expected = elementCount(tensor.name, tensor.shape) * ELEMENT_BYTES[tensor.dtype];
  if (tensor.bytes !== expected) {
    throw new GraphError(
      `${tensor.name}: ${tensor.bytes} bytes given, ${tensor.dtype} [${tensor.shape}] needs ${expected}`,
    );
  }
  return { kind: 'external', ...tensor };
}

/** A node whose output types are known; use {@link apply} to have them inferred and checked. */
export function createNode(
  op: string,
  domain: Domain,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  types: readonly TensorType[],
): Node {
  const outputs: Result[] = [];
  const node: Node = { op, domain, inputs, attributes, outputs };
  for (const [index, { dtype, shape }] of types.entries()) {
    outputs.push({ kind: 'result', node, index, dtype, shape });
  }
  return node;
}

/** Applies an op. Throws when it has no shape rule or its operands do not fit the rule. */
export function apply(
  op: string,
  inputs: readonly (Value | null)[],
  attributes: Attributes = {},
  domain: Domain = '',
): readonly Result[] {
  return createNode(op, domain, inputs, attributes, inferTypes(op, domain, inputs, attributes)).outputs;
}
