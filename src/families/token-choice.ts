import {
  cast,
  clip,
  cumulativeSum,
  div,
  equal,
  exp,
  gather,
  gatherElements,
  int64,
  less,
  lessOrEqual,
  mul,
  type Result,
  reduceMax,
  reduceSum,
  reshape,
  sub,
  topK,
  type Value,
  where,
} from '../graph/index.ts';
import { positionsAlong } from './positions.ts';

/** How a row chooses its tokens, as a number that the graph is fed. */
export const CHOICE = {
  /** The largest logit, the lowest id among equals. */
  greedy: 0,
  /** Among all tokens, by their probability. */
  any: 1,
  /** Among the best by top-k and top-p. */
  best: 2,
} as const;

/** What the choice of one token a row depends on; all but the logits and `candidates` are [batch]. */
export interface ChoiceInputs {
  /** float32 [batch, vocab]. */
  readonly logits: Value;
  /** int64 [1]: how many of the best are looked at; at least the largest `topK`, and all where one is cut by top-p alone. */
  readonly candidates: Value;
  /** int64, see {@link CHOICE}. */
  readonly kinds: Value;
  /** float64, more than 0; of greedy rows 1. */
  readonly temperatures: Value;
  /** int64, at least 1. */
  readonly topK: Value;
  /** float64; 1 must be fed as 2, so that the cut is off and not at the rounded sum. */
  readonly topP: Value;
  /** float64 in [0, 1). */
  readonly uniforms: Value;
}

export interface Choice {
  /** int64 [batch]. */
  readonly tokens: Result;
  /** float32 [batch], the largest logits: not finite where a row's numbers are not. */
  readonly bestLogits: Result;
}

const column = (x: Value): Result => reshape(x, [-1, 1]);
const first = (x: Value): Result => gather(x, int64([0]), 1);
/** Of a sum that only rises: its end. */
const end = (sums: Value): Result => reduceMax(sums, [1], true);
const count = (truths: Value): Result => cast(truths, 'float64');

/**
 * One token for each row, as the engine's sampler chooses it from the same uniform number: its arithmetic is float64 as
 * well, in the same order. All three choices are made for every row, and the row's own is taken.
 */
export function chooseTokens(inputs: ChoiceInputs): Choice {
  const [best, ids] = topK(inputs.logits, inputs.candidates);
  const top = cast(first(best), 'float64');
  const temperature = column(inputs.temperatures);
  // Relative to the best token: nothing overflows, and the sum is at least 1.
  const weights = (logits: Value): Result => exp(div(sub(cast(logits, 'float64'), top), temperature));
  const uniform = column(inputs.uniforms);
  const among = (kind: number): Result => equal(column(inputs.kinds), int64([kind]));
  const drawn = where(
    among(CHOICE.any),
    drawInOrder(weights(inputs.logits), uniform, inputs.logits.shape[1] as number),
    gatherElements(ids, drawFromBest(weights(best), best, uniform, inputs), 1),
  );
  return {
    tokens: reshape(where(among(CHOICE.greedy), first(ids), drawn), [-1]),
    bestLogits: reshape(first(best), [-1]),
  };
}

/** The first token, in the order of ids, up to which the weights sum to more than a share of all: int64 [batch, 1]. */
function drawInOrder(weights: Value, uniform: Value, vocab: number): Result {
  const sums = cumulativeSum(weights, 1, { exclusive: false });
  const passed = count(lessOrEqual(sums, mul(uniform, end(sums))));
  return clip(cast(reduceSum(passed, [1], true), 'int64'), 0, vocab - 1);
}

/** The same among the best: its place there, int64 [batch, 1]. */
function drawFromBest(
  weights: Value,
  best: Value,
  uniform: Value,
  { topK: most, topP }: Pick<ChoiceInputs, 'topK' | 'topP'>,
): Result {
  const ranks = positionsAlong(best, 1);
  const within = count(less(ranks, column(most)));
  const allowed = mul(weights, within);
  const sums = cumulativeSum(allowed, 1, { exclusive: false });
  const before = cumulativeSum(allowed, 1, { exclusive: true });
  // Top-p keeps the smallest set that weighs enough: each before which there was not enough.
  const kept = mul(within, count(less(before, mul(end(sums), column(topP)))));
  const share = mul(uniform, end(mul(sums, kept)));
  const passed = reduceSum(mul(kept, count(lessOrEqual(sums, share))), [1], true);
  const last = sub(cast(reduceSum(kept, [1], true), 'int64'), int64([1]));
  const place = cast(passed, 'int64');
  return where(less(place, last), place, last);
}
