import type { Graph } from './graph.ts';
import { DATA_TYPE } from './onnx-schema.ts';
import type { DType, Result, Value } from './types.ts';
import { apply } from './values.ts';

// The ops that repeat a decode step and choose tokens in it; names and operands are ONNX's.

/** The same numbers in another type; 0 is false, everything else true. Cast. */
export const cast = (x: Value, to: Exclude<DType, 'int8' | 'uint8'>): Result =>
  apply('Cast', [x], { to: { type: 'int', value: DATA_TYPE[to] } })[0]!;

export const equal = (a: Value, b: Value): Result => apply('Equal', [a, b])[0]!;
export const less = (a: Value, b: Value): Result => apply('Less', [a, b])[0]!;
export const lessOrEqual = (a: Value, b: Value): Result => apply('LessOrEqual', [a, b])[0]!;

/** a where the condition is true, b elsewhere. */
export const where = (condition: Value, a: Value, b: Value): Result => apply('Where', [condition, a, b])[0]!;

/** x [n, width] with row `indices[i]` (int64 [k, 1], each of them once) replaced by row i of `updates` [k, width]. ScatterND. */
export const scatterRows = (x: Value, indices: Value, updates: Value): Result =>
  apply('ScatterND', [x, indices, updates])[0]!;

/**
 * Repeats `body` up to `trips` times (int64 []), as long as `going` (bool []) is true. The body's inputs are the number of the
 * turn (int64 []), `going`, and the states; its outputs are `going` for the next turn, the states, and what is collected of
 * every turn. A size of a state that grows has a name of its own in the body. Loop.
 * @returns the last states, then what was collected, [turns, ...] each
 */
export const loop = (trips: Value, going: Value, states: readonly Value[], body: Graph): readonly Result[] =>
  apply('Loop', [trips, going, ...states], { body: { type: 'graph', value: body } });
