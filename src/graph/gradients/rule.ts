import type { Node, Result, Value } from '../types.ts';

/** One application of an op in the backward pass. */
export interface Backward {
  readonly node: Node;
  /** The cotangent of each output; null where nothing that is differentiated reads that output. */
  readonly gradients: readonly (Value | null)[];
  /** The op's single output; throws for an op with several. */
  readonly output: Result;
  /** The cotangent of the single output. */
  readonly gradient: Value;
  /** Operand `index`; throws where it is left out. */
  operand(index: number): Value;
  /** Whether the gradient of operand `index` is wanted; a rule may skip the others. */
  wants(index: number): boolean;
  /** An integer attribute, or the fallback where it is left out. */
  int(name: string, fallback: number): number;
}

/**
 * The gradient of each operand from those of the outputs; null for operands without one (indices, shapes) and
 * for those that are not wanted. A gradient may have the broadcast shape of the op's output: the caller sums it
 * to the operand's shape.
 */
export type GradientRule = (backward: Backward) => readonly (Value | null)[];
