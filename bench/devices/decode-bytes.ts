import { parameters, type Shape } from './shapes.ts';

/** Bytes of one weight, and of one key or value. */
const FLOAT_BYTES: Readonly<Record<string, number>> = { float32: 4, float16: 2 };

export interface DecodeStep {
  /** How weights are held: `float32`, `float16`, or another precision of a bundle. */
  readonly precision: string;
  /** Sequences that the step lengthens by one token each. */
  readonly rows: number;
  /** Positions that each of them has already, virtual tokens included. */
  readonly past: number;
}

/**
 * Bytes that one decode step must move between the device's memory and its arithmetic units, whatever the program:
 *
 *     weights + rows * (past + 1) * 2 * layers * kv heads * head dim * bytes of an element
 *
 * Every weight is read once, the embedding table as well because it is the head. The keys and values of each row's past
 * are read, those of its new position written; rows that share a prompt count it each. Activations and logits are
 * left out. An element has 2 bytes in float16 and 4 else, since keys and values are float32 beside quantised weights.
 *
 * @param storedBytes bytes of the weights in a bundle of a quantised precision, whose scales count too
 */
export function decodeBytes(
  shape: Shape,
  { precision, rows, past }: DecodeStep,
  storedBytes: number,
): number {
  const weight = FLOAT_BYTES[precision];
  const weights = weight === undefined ? storedBytes : parameters(shape) * weight;
  const element = weight ?? 4;
  return weights + rows * (past + 1) * 2 * shape.layers * shape.kvHeads * shape.headDim * element;
}
