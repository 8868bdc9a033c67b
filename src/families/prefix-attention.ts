import {
  add,
  concat,
  fusedMatMul,
  int64,
  matMul,
  type Result,
  reshape,
  shapeOf,
  softmax,
  split,
  transpose,
  type Value,
} from '../graph/index.ts';
import type { AttentionSizes } from './attention.ts';

/** What the texts need in all layers; computed once a run. All sizes are int64 [1]. */
export interface PrefixContext {
  readonly prompt: Value;
  readonly rows: Value;
  readonly sequence: Value;
  /** float32 [rows, group * sequence, prompt + sequence]. */
  readonly textBias: Value;
}

/** What a prompt of rows needs besides. */
export interface PromptContext extends PrefixContext {
  /** int64 [2]: prompt, rows * sequence. */
  readonly tokens: Value;
  /** float32 [group * prompt, prompt]. */
  readonly promptBias: Value;
}

/** Projections of tokens, of a prompt of rows first; float32 [tokens, heads * head_dim], queries and keys rotated. */
export interface Projections {
  readonly queries: Value;
  readonly keys: Value;
  readonly values: Value;
}

/** The bias once for each query head of a group. */
function repeated(bias: Value, axis: number, { queryHeads, keyValueHeads }: AttentionSizes): Value {
  const group = queryHeads / keyValueHeads;
  return group === 1 ? bias : concat(Array<Value>(group).fill(bias), axis);
}

/**
 * @param prompt float32 [prompt, any]
 * @param inputIds int64 [rows, sequence]
 * @param textBias float32 [rows, sequence, prompt + sequence]
 */
export function prefixContext(
  prompt: Value,
  inputIds: Value,
  textBias: Value,
  sizes: AttentionSizes,
): PrefixContext {
  return {
    prompt: shapeOf(prompt, 0, 1),
    rows: shapeOf(inputIds, 0, 1),
    sequence: shapeOf(inputIds, 1, 2),
    textBias: repeated(textBias, 1, sizes),
  };
}

/** @param promptBias float32 [prompt, prompt] */
export function promptContext(
  texts: PrefixContext,
  inputIds: Value,
  promptBias: Value,
  sizes: AttentionSizes,
): PromptContext {
  return {
    ...texts,
    tokens: concat([texts.prompt, shapeOf(reshape(inputIds, [-1]), 0, 1)], 0),
    promptBias: repeated(promptBias, 0, sizes),
  };
}

/**
 * Grouped-query attention of prompt and texts, where the texts share the prompt's keys and values. For the product
 * with the shared keys the rows of all texts are rows of one matrix a key/value head, [kv_heads, group * rows *
 * sequence, head_dim] x [kv_heads, prompt, head_dim]: nothing is repeated, and the gradient of the shared keys sums
 * over the texts inside one product.
 *
 * @returns float32 [tokens, query_heads * head_dim]
 */
export function prefixAttention(all: Projections, context: PromptContext, sizes: AttentionSizes): Result {
  const parts = ({ queries, keys, values }: Projections): [Projections, Projections] => {
    const [q, k, v] = [queries, keys, values].map((x) => split(x, context.tokens, 0));
    const at = (index: number): Projections => ({
      queries: q![index]!,
      keys: k![index]!,
      values: v![index]!,
    });
    return [at(0), at(1)];
  };
  const [prompt, text] = parts(all);
  const prefix = { keys: promptHeads(prompt.keys, sizes), values: promptHeads(prompt.values, sizes) };
  return concat(
    [promptAttention(prompt.queries, prefix, context, sizes), textAttention(text, prefix, context, sizes)],
    0,
  );
}

/** Keys and values of the prompt in one layer, each float32 [kv_heads, prompt, head_dim]. */
export interface Prefix {
  readonly keys: Value;
  readonly values: Value;
}

/** [prompt, kv_heads * head_dim] -> [kv_heads, prompt, head_dim]. */
export const promptHeads = (x: Value, { keyValueHeads, headDim }: AttentionSizes): Result =>
  transpose(reshape(x, [-1, keyValueHeads, headDim]), [1, 0, 2]);

/** Causal attention of the prompt to itself; float32 [prompt, query_heads * head_dim]. */
function promptAttention(
  queries: Value,
  { keys, values }: Prefix,
  { promptBias, prompt }: PromptContext,
  sizes: AttentionSizes,
): Result {
  const { queryHeads, keyValueHeads, headDim } = sizes;
  const group = queryHeads / keyValueHeads;
  const grouped = transpose(reshape(queries, [-1, keyValueHeads, group, headDim]), [1, 2, 0, 3]);
  const rows = reshape(grouped, [keyValueHeads, -1, headDim]);
  const scores = add(fusedMatMul(rows, keys, { transB: true, alpha: sizes.scale }), promptBias);
  const mixed = matMul(softmax(scores, -1), values);
  const heads = reshape(mixed, concat([int64([keyValueHeads, group]), prompt, int64([headDim])], 0));
  return reshape(transpose(heads, [2, 0, 1, 3]), [-1, queryHeads * headDim]);
}

/** Attention of the texts to the prompt and to themselves; float32 [rows * sequence, query_heads * head_dim]. */
export function textAttention(
  text: Projections,
  prefix: Prefix,
  { rows, sequence, prompt, textBias }: PrefixContext,
  sizes: AttentionSizes,
): Result {
  const { queryHeads, keyValueHeads, headDim } = sizes;
  const group = queryHeads / keyValueHeads;
  const textShape = concat([rows, sequence], 0);
  const grouped = transpose(
    reshape(text.queries, concat([textShape, int64([keyValueHeads, group, headDim])], 0)),
    [2, 0, 3, 1, 4],
  );
  const ownHeads = (x: Value): Result =>
    transpose(reshape(x, concat([textShape, int64([keyValueHeads, headDim])], 0)), [2, 0, 1, 3]);
  const folded = (x: Value, width: Value): Result =>
    reshape(x, concat([int64([keyValueHeads, -1]), width], 0));
  const unfolded = (x: Value, width: Value): Result =>
    reshape(x, concat([int64([keyValueHeads]), rows, int64([-1]), width], 0));
  const alpha = sizes.scale;
  const dim = int64([headDim]);

  const toPrefix = fusedMatMul(folded(grouped, dim), prefix.keys, { transB: true, alpha });
  const toText = fusedMatMul(unfolded(grouped, dim), ownHeads(text.keys), { transB: true, alpha });
  const scores = add(concat([unfolded(toPrefix, prompt), toText], -1), textBias);
  const [prefixWeights, textWeights] = split(softmax(scores, -1), concat([prompt, sequence], 0), -1);
  const mixed = add(
    unfolded(matMul(folded(prefixWeights!, prompt), prefix.values), dim),
    matMul(textWeights!, ownHeads(text.values)),
  );
  const heads = reshape(
    mixed,
    concat([int64([keyValueHeads]), rows, int64([group]), sequence, int64([headDim])], 0),
  );
  return reshape(transpose(heads, [1, 3, 0, 2, 4]), [-1, queryHeads * headDim]);
}
