import {
  add,
  concat,
  int64,
  matMul,
  mul,
  type Result,
  reshape,
  scalar,
  shapeOf,
  softmax,
  split,
  transpose,
  type Value,
} from '../graph/index.ts';
import { fromCache } from './cache-type.ts';
import type { DecoderSizes } from './decoder.ts';

/** Sizes of grouped-query attention: each key/value head serves `queryHeads / keyValueHeads` query heads. */
export interface AttentionSizes {
  readonly queryHeads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** The scores are multiplied by this. */
  readonly scale: number;
}

export const attentionSizes = (config: DecoderSizes): AttentionSizes => ({
  queryHeads: config.numAttentionHeads,
  keyValueHeads: config.numKeyValueHeads,
  headDim: config.headDim,
  scale: 1 / Math.sqrt(config.queryPreAttnScalar ?? config.headDim),
});

/** Keys and values of one layer, each [batch, kv_heads, positions, head_dim], float32 or as the cache holds them. */
export interface KeysValues {
  readonly keys: Value;
  readonly values: Value;
}

/** The keys and values in front of the new positions, in parts that are never joined; a serving graph has one. */
export type Past = readonly KeysValues[];

/** How tokens that lie one after the other belong to the rows of a batch. */
export interface TokenShape {
  /** int64 [2]: batch, sequence. */
  readonly tokenShape: Value;
}

/** What all layers share; computed once a run. */
export interface AttentionContext extends TokenShape {
  /** int64: the positions of each part of the past, and the new ones. */
  readonly lengths: Value;
  /** float32, added to the scores: [batch, kv_heads or 1, group * sequence or 1, past + sequence]. */
  readonly bias: Value;
}

/**
 * @param embeddings float32 [batch, sequence, hidden]
 * @param pastKeys [batch, kv_heads, past, head_dim] of any layer
 * @param bias float32 [batch, 1, sequence, past + sequence]
 */
export function attentionContext(
  embeddings: Value,
  pastKeys: Value,
  bias: Value,
  { queryHeads, keyValueHeads }: AttentionSizes,
): AttentionContext {
  const group = queryHeads / keyValueHeads;
  return {
    tokenShape: shapeOf(embeddings, 0, 2),
    lengths: concat([shapeOf(pastKeys, 2, 3), shapeOf(embeddings, 1, 2)], 0),
    bias: group === 1 ? bias : concat(Array<Value>(group).fill(bias), 2),
  };
}

/** [batch * sequence, heads * head_dim] -> [batch, heads, sequence, head_dim]. */
export function splitHeads(x: Value, heads: number, headDim: number, { tokenShape }: TokenShape): Result {
  return transpose(reshape(x, concat([tokenShape, int64([heads, headDim])], 0)), [0, 2, 1, 3]);
}

/**
 * Grouped-query attention (Ainslie et al. 2023) over a past and the new positions. The past is never joined with
 * the new keys and values, as that would copy the cache: only the scores are joined, for one softmax. The query
 * heads of a group are folded into the rows, so keys and values are never repeated.
 *
 * @param queries float32 [batch, query_heads, sequence, head_dim], rotated as the keys are
 * @returns float32 [batch * sequence, query_heads * head_dim]
 */
export function groupedQueryAttention(
  queries: Value,
  past: Past,
  current: KeysValues,
  { lengths, bias }: AttentionContext,
  { queryHeads, keyValueHeads, headDim, scale }: AttentionSizes,
): Result {
  const folded = reshape(queries, [0, keyValueHeads, -1, headDim]);
  // ONNX Runtime fuses the scale and the transposed keys into the product (FusedMatMul); nothing is transposed.
  const rows = scale === 1 ? folded : mul(folded, scalar(scale));
  const scoresOf = (keys: Value): Result => matMul(rows, transpose(keys, [0, 1, 3, 2]));
  const parts = [...past, current];
  const scores = add(
    concat(
      parts.map(({ keys }) => scoresOf(fromCache(keys))),
      -1,
    ),
    bias,
  );
  const weights = split(softmax(scores, -1), lengths, -1);
  const mixed = parts.map(({ values }, part) => matMul(weights[part]!, fromCache(values))).reduce(add);
  const heads = reshape(mixed, [0, queryHeads, -1, headDim]);
  return reshape(transpose(heads, [0, 2, 1, 3]), [-1, queryHeads * headDim]);
}
