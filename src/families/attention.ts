import {
  add,
  concat,
  matMul,
  matMulTransposed,
  type Result,
  reshape,
  shapeOf,
  softmax,
  split,
  transpose,
  type Value,
} from '../graph/index.ts';

/** Sizes of grouped-query attention: each key/value head serves `queryHeads / keyValueHeads` query heads. */
export interface AttentionSizes {
  readonly queryHeads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

/** What all layers share; computed once a run. */
export interface AttentionContext {
  /** float32 [batch, 1, group * sequence, past + sequence], added to the scores. */
  readonly bias: Value;
  /** int64 [2]: the past length and the sequence length. */
  readonly lengths: Value;
}

/**
 * @param bias float32 [batch, 1, sequence, past + sequence]
 * @param pastKeys float32 [batch, kv_heads, past, head_dim] of any layer
 * @param hidden float32 [batch, sequence, hidden]
 */
export function attentionContext(
  bias: Value,
  pastKeys: Value,
  hidden: Value,
  { queryHeads, keyValueHeads }: AttentionSizes,
): AttentionContext {
  const group = queryHeads / keyValueHeads;
  return {
    bias: group === 1 ? bias : concat(Array<Value>(group).fill(bias), 2),
    lengths: concat([shapeOf(pastKeys, 2, 3), shapeOf(hidden, 1, 2)], 0),
  };
}

/** [batch, sequence, kv_heads * head_dim] -> [batch, kv_heads, sequence, head_dim]. */
export const splitHeads = (x: Value, { keyValueHeads, headDim }: AttentionSizes): Result =>
  transpose(reshape(x, [0, 0, keyValueHeads, headDim]), [0, 2, 1, 3]);

/**
 * Grouped-query attention (Ainslie et al. 2023) over a past and the new positions. The past is never joined with
 * the new keys and values, as that would copy the cache: only the scores are joined, for one softmax. The query
 * heads of a group are folded into the rows, so keys and values are never repeated.
 *
 * @param queries float32 [batch, sequence, query_heads * head_dim], rotated
 * @param past keys and values float32 [batch, kv_heads, past, head_dim]
 * @param current keys and values float32 [batch, kv_heads, sequence, head_dim]
 * @returns float32 [batch, sequence, query_heads * head_dim]
 */
export function groupedQueryAttention(
  queries: Value,
  past: KeysValues,
  current: KeysValues,
  { bias, lengths }: AttentionContext,
  { queryHeads, keyValueHeads, headDim }: AttentionSizes,
): Result {
  const group = queryHeads / keyValueHeads;
  const grouped = transpose(reshape(queries, [0, 0, keyValueHeads, group, headDim]), [0, 2, 3, 1, 4]);
  const rows = reshape(grouped, [0, keyValueHeads, -1, headDim]);
  const scale = 1 / Math.sqrt(headDim);
  const scores = concat(
    [matMulTransposed(rows, past.keys, scale), matMulTransposed(rows, current.keys, scale)],
    -1,
  );
  const [pastWeights, currentWeights] = split(softmax(add(scores, bias), -1), lengths, -1);
  const mixed = add(matMul(pastWeights!, past.values), matMul(currentWeights!, current.values));
  const heads = reshape(mixed, [0, keyValueHeads, group, -1, headDim]);
  return reshape(transpose(heads, [0, 3, 1, 2, 4]), [0, 0, queryHeads * headDim]);
}

/** Keys and values of one layer. */
export interface KeysValues {
  readonly keys: Value;
  readonly values: Value;
}
