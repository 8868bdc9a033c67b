import {
  add,
  concat,
  int64,
  mul,
  type Result,
  relu,
  reshape,
  scalar,
  sub,
  toFloat,
  type Value,
} from '../graph/index.ts';
import { MASKED } from './decoder.ts';
import { keyPositions, positionsAlong } from './positions.ts';

// Layers with a window of their own compute its mask from the positions of queries and keys, so what feeds a graph
// need not know which layers are local.

/**
 * What a window of `window` positions, the query's own included, adds to the scores: 0 inside, {@link MASKED} or less
 * outside. Positions are int64 and broadcast against each other. Keys that stand behind the query are left to the
 * causal mask.
 */
export function windowBias(queries: Value, keys: Value, window: number): Result {
  const beyond = relu(toFloat(sub(sub(queries, keys), int64([window - 1]))));
  return mul(beyond, scalar(MASKED));
}

/**
 * A serving graph's bias with a window.
 *
 * @param bias float32 [batch, 1, sequence, past + sequence]
 * @param positionIds int64 [batch, sequence]
 * @param pastKeys [batch, kv_heads, past, head_dim] of any layer
 * @returns of the shape of `bias`
 */
export function biasWithin(bias: Value, positionIds: Value, pastKeys: Value, window: number): Result {
  const queries = reshape(positionIds, [0, 1, -1, 1]);
  const keys = reshape(keyPositions(pastKeys, positionIds), [0, 1, 1, -1]);
  return add(bias, windowBias(queries, keys, window));
}

/**
 * A training graph's mask of the texts with a window.
 *
 * @param bias float32 [rows, sequence, prompt + sequence]
 * @param prompt of any width: its rows have the first positions
 * @param positions of the texts, int64 [rows, sequence]
 * @returns of the shape of `bias`
 */
export function textBiasWithin(bias: Value, prompt: Value, positions: Value, window: number): Result {
  const queries = reshape(positions, [0, 0, 1]);
  const toPrompt = windowBias(queries, positionsAlong(prompt, 0), window);
  const toText = windowBias(queries, reshape(positions, [0, 1, -1]), window);
  return add(bias, concat([toPrompt, toText], -1));
}

/** A training graph's mask of the prompt with a window. @param bias float32 [prompt, prompt] */
export function promptBiasWithin(bias: Value, window: number): Result {
  const positions = positionsAlong(bias, 0);
  return add(bias, windowBias(reshape(positions, [-1, 1]), positions, window));
}
