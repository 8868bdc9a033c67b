import { formatShape } from './dims.ts';
import type { Graph } from './graph.ts';
import {
  type Attributes,
  type Dim,
  type DType,
  GraphError,
  type Shape,
  type TensorType,
  type Value,
} from './types.ts';

/** The operands of one op application, as a shape rule reads them; each accessor checks what it returns. */
export class Operands {
  readonly op: string;
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;

  constructor(op: string, inputs: readonly (Value | null)[], attributes: Attributes) {
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
  }

  /** Throws with the op's name, its operands' types and what was expected of them. */
  fail(expected: string): never {
    const given = this.inputs.map((value) =>
      value === null ? 'none' : `${value.dtype} ${formatShape(value.shape)}`,
    );
    const attributes = Object.entries(this.attributes).flatMap(([name, { type, value }]) =>
      type === 'graph' ? [] : [`, ${name}=${value}`],
    );
    throw new GraphError(`${this.op}(${given.join(', ')}${attributes.join('')}): expected ${expected}`);
  }

  optional(index: number, ...dtypes: readonly DType[]): Value | null {
    const value = this.inputs[index] ?? null;
    if (value !== null && !dtypes.includes(value.dtype))
      this.fail(`operand ${index} of ${dtypes.join(' or ')}`);
    return value;
  }

  operand(index: number, ...dtypes: readonly DType[]): Value {
    return this.optional(index, ...dtypes) ?? this.fail(`an operand ${index}`);
  }

  /** Operand `index`, which must have exactly this shape. */
  shaped(index: number, shape: Shape, ...dtypes: readonly DType[]): Value {
    const value = this.operand(index, ...dtypes);
    if (formatShape(value.shape) !== formatShape(shape)) {
      this.fail(`operand ${index} of shape ${formatShape(shape)}`);
    }
    return value;
  }

  int(name: string, fallback?: number): number {
    const attribute = this.attributes[name];
    if (attribute === undefined && fallback !== undefined) return fallback;
    return attribute?.type === 'int' ? attribute.value : this.fail(`an integer ${name}`);
  }

  ints(name: string): readonly number[] {
    const attribute = this.attributes[name];
    return attribute?.type === 'ints' ? attribute.value : this.fail(`integers ${name}`);
  }

  graph(name: string): Graph {
    const attribute = this.attributes[name];
    return attribute?.type === 'graph' ? attribute.value : this.fail(`a graph ${name}`);
  }

  /** An axis of a tensor of this rank, counted from 0. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      this.fail(`an axis within [-${rank}, ${rank}), given ${axis}`);
    }
    return axis < 0 ? axis + rank : axis;
  }

  /** The sizes that a shape-like operand (int64 [n]) stands for; known for constants, Shape and Concat of them. */
  sizes(index: number): readonly Dim[] {
    return (
      knownSizes(this.operand(index, 'int64')) ??
      this.fail(`operand ${index} to be known from constants and shapes`)
    );
  }

  integers(index: number): readonly number[] {
    return this.sizes(index).map((size) =>
      typeof size === 'number' ? size : this.fail(`operand ${index} to hold integers, given ${size}`),
    );
  }
}

function knownSizes(value: Value): readonly Dim[] | null {
  if (value.kind === 'constant') return Array.from(value.data, Number);
  if (value.kind !== 'result') return null;
  const { op, inputs, attributes } = value.node;
  if (op === 'Shape') {
    const bound = (name: string): number | undefined => {
      const attribute = attributes[name];
      return attribute?.type === 'int' ? attribute.value : undefined;
    };
    return inputs[0]!.shape.slice(bound('start'), bound('end'));
  }
  if (op !== 'Concat') return null;
  const parts = inputs.map((part) => knownSizes(part!));
  return parts.every((part) => part !== null) ? parts.flat() : null;
}

/** One rule gives the types of an op's outputs, or fails. */
export type ShapeRule = (operands: Operands) => readonly TensorType[];
