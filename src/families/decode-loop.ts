import {
  add,
  bool,
  cast,
  concat,
  createGraph,
  equal,
  expand,
  float32,
  type Graph,
  gather,
  type Input,
  input,
  int64,
  less,
  loop,
  mul,
  type Result,
  reduceMax,
  relu,
  reshape,
  scalar,
  shapeOf,
  sub,
  toFloat,
  type Value,
  where,
} from '../graph/index.ts';
import type { AttentionContext, KeysValues } from './attention.ts';
import type { CacheType } from './cache-type.ts';
import { type DecoderSizes, MASKED, SERVING_IO } from './decoder.ts';
import { positionsAlong } from './positions.ts';
import { type FamilyOf, passLayers } from './serving.ts';
import { stack } from './stack.ts';
import { chooseTokens } from './token-choice.ts';
import { windowBias } from './window.ts';

/**
 * Inputs and outputs of a run of several decode steps. A row is fed its last token, and from then on what it chooses
 * itself, until it stops. `past_keys.i` and `past_values.i` are those of SERVING_IO. Shapes:
 * - lastTokens   int64 [batch], chosen before and not read yet
 * - lengths      int64 [batch], valid positions of each row's past
 * - limits       int64 [batch], tokens that each row may still choose; at least one
 * - stopTokens   int64 [batch, stops], ids that end a row; -1 is none
 * - kinds, temperatures, topK, topP, candidates: see `ChoiceInputs`
 * - uniforms     float64 [steps, batch], a number in [0, 1) for each step and row; their number is that of the steps
 * - chosen       int64 [turns, batch], what each row chose in each step that was run; of a row that has stopped, anything
 * - bestLogits   float32 [turns, batch], the largest logit of the same
 * - counts       int64 [batch], steps of each row: the last one chose a stop token, or was the last that was allowed
 * - newKeysValues [2 * layers, batch, kv_heads, 1 + turns, head_dim], as of SERVING_IO behind the first position, which is
 *   of no use, and neither is what stands behind a row's count
 */
export const DECODE_LOOP_IO = {
  lastTokens: 'last_tokens',
  lengths: 'lengths',
  limits: 'limits',
  stopTokens: 'stop_tokens',
  kinds: 'choice_kinds',
  temperatures: 'temperatures',
  topK: 'top_k',
  topP: 'top_p',
  candidates: 'candidates',
  uniforms: 'uniforms',
  chosen: 'chosen',
  bestLogits: 'best_logits',
  counts: 'counts',
  newKeysValues: SERVING_IO.newKeysValues,
} as const;

/** What every step reads of the inputs of a run. */
interface RunInputs {
  readonly rows: Readonly<Record<'lastTokens' | 'lengths' | 'limits' | 'kinds' | 'topK', Input>>;
  readonly numbers: Readonly<Record<'temperatures' | 'topP', Input>>;
  readonly stopTokens: Input;
  readonly candidates: Input;
  readonly uniforms: Input;
  readonly pasts: readonly { readonly keys: Input; readonly values: Input }[];
}

function runInputs({ numLayers, numKeyValueHeads, headDim }: DecoderSizes, type: CacheType): RunInputs {
  const io = DECODE_LOOP_IO;
  const whole = (name: string): Input => input(name, 'int64', ['batch']);
  const real = (name: string): Input => input(name, 'float64', ['batch']);
  const cache = (name: string): Input => input(name, type, ['batch', numKeyValueHeads, 'past', headDim]);
  return {
    rows: {
      lastTokens: whole(io.lastTokens),
      lengths: whole(io.lengths),
      limits: whole(io.limits),
      kinds: whole(io.kinds),
      topK: whole(io.topK),
    },
    numbers: { temperatures: real(io.temperatures), topP: real(io.topP) },
    stopTokens: input(io.stopTokens, 'int64', ['batch', 'stops']),
    candidates: input(io.candidates, 'int64', [1]),
    uniforms: input(io.uniforms, 'float64', ['steps', 'batch']),
    pasts: Array.from({ length: numLayers }, (_, layer) => ({
      keys: cache(SERVING_IO.pastKeys(layer)),
      values: cache(SERVING_IO.pastValues(layer)),
    })),
  };
}

/**
 * A decode step as the body of a loop. The past is read where it lies, in every step; keys and values of the steps before
 * are a part of their own, `recent`, which grows by one position a step. It begins with one that nothing sees: not every
 * device takes a tensor without elements.
 */
function stepOf(config: DecoderSizes, familyOf: FamilyOf, table: Value, given: RunInputs): Graph {
  const { numKeyValueHeads, headDim, numLayers } = config;
  const { lengths, limits } = given.rows;
  const turn = input('loop.turn', 'int64', []);
  const going = input('loop.going', 'bool', []);
  const tokens = input('loop.tokens', 'int64', ['batch']);
  /** 1 of rows that go on, 0 of those that have stopped. */
  const active = input('loop.active', 'int64', ['batch']);
  const counts = input('loop.counts', 'int64', ['batch']);
  const past = given.pasts[0]!.keys;
  const part = (name: string): Input =>
    input(name, past.dtype, ['batch', numKeyValueHeads, 'recent', headDim]);
  const recents = Array.from({ length: numLayers }, (_, layer) => ({
    keys: part(`loop.keys.${layer}`),
    values: part(`loop.values.${layer}`),
  }));
  const recent = recents[0]!.keys;
  // A row that has stopped stays where it was last: one position on may be none that the model knows.
  const positionIds = reshape(add(add(lengths, counts), sub(active, int64([1]))), [-1, 1]);
  const attentionWithin = (window: number | null): AttentionContext => ({
    tokenShape: concat([shapeOf(tokens, 0, 1), int64([1])], 0),
    lengths: concat([shapeOf(past, 2, 3), shapeOf(recent, 2, 3), int64([1])], 0),
    bias: stepBias(given, { tokens, recent, positionIds }, window),
  });
  const attention = attentionWithin(config.slidingWindow);
  const family = familyOf({ positionIds, pastKeys: past, attention, attentionWithin });
  const embedded = gather(table, tokens, 0);
  const scaled =
    config.embeddingScale === undefined ? embedded : mul(embedded, scalar(config.embeddingScale));
  const { hidden, news } = passLayers(
    family,
    family.embed(scaled),
    given.pasts.map((keysValues, layer) => [keysValues, recents[layer]!]),
  );
  const { tokens: chosen, bestLogits } = chooseTokens({
    ...given.rows,
    ...given.numbers,
    logits: family.logits(family.norm(hidden)),
    candidates: given.candidates,
    uniforms: gather(given.uniforms, turn, 0),
  });

  const stops = cast(equal(reshape(chosen, [-1, 1]), given.stopTokens), 'int64');
  const nextCounts = add(counts, active);
  const goesOn = mul(
    mul(active, cast(less(nextCounts, limits), 'int64')),
    sub(int64([1]), reduceMax(stops, [1], false)),
  );
  const grown = recents.map(({ keys, values }, layer) => ({
    keys: concat([keys, news[layer]!.keys], 2),
    values: concat([values, news[layer]!.values], 2),
  }));
  const outputs: Record<string, Result> = {
    'loop.goes_on': cast(reduceMax(goesOn, [0], false), 'bool'),
    'loop.next_tokens': where(equal(goesOn, int64([1])), chosen, tokens),
    'loop.next_active': goesOn,
    'loop.next_counts': nextCounts,
  };
  grown.forEach(({ keys, values }, layer) => {
    outputs[`loop.next_keys.${layer}`] = keys;
    outputs[`loop.next_values.${layer}`] = values;
  });
  const { rows, numbers, stopTokens, candidates, uniforms, pasts } = given;
  return createGraph(
    [turn, going, tokens, active, counts, ...flat(recents)],
    { ...outputs, 'loop.chosen': chosen, 'loop.best_logits': bestLogits },
    [
      ...[lengths, limits, rows.kinds, rows.topK, numbers.temperatures, numbers.topP],
      ...[stopTokens, candidates, uniforms, ...flat(pasts)],
    ],
  );
}

/** What is added to the scores of a step, float32 [batch, 1, 1, past + recent + 1]. */
function stepBias(
  { rows: { lengths }, pasts }: RunInputs,
  { tokens, recent, positionIds }: Readonly<Record<'tokens' | 'recent' | 'positionIds', Value>>,
  window: number | null,
): Value {
  const rowLengths = reshape(lengths, [-1, 1]);
  const slots = reshape(positionsAlong(pasts[0]!.keys, 2), [1, -1]);
  // 0 up to the row's last position; what stands behind it belongs to no row.
  const unused = mul(relu(toFloat(sub(slots, sub(rowLengths, int64([1]))))), scalar(MASKED));
  const recentSlots = reshape(positionsAlong(recent, 2), [1, -1]);
  const zeros = (width: Value): Result =>
    expand(float32([0], [1, 1]), concat([shapeOf(tokens, 0, 1), width], 0));
  const dummy = mul(relu(toFloat(sub(int64([1]), recentSlots))), scalar(MASKED));
  const seen = [unused, add(zeros(shapeOf(recent, 2, 3)), dummy)] as const;
  const parts =
    window === null
      ? seen
      : [
          add(seen[0], windowBias(positionIds, slots, window)),
          add(seen[1], windowBias(positionIds, add(rowLengths, sub(recentSlots, int64([1]))), window)),
        ];
  return reshape(concat([...parts, zeros(int64([1]))], 1), [0, 1, 1, -1]);
}

const flat = (layers: readonly KeysValues[]): Input[] =>
  layers.flatMap(({ keys, values }) => [keys as Input, values as Input]);

/**
 * The graph of several decode steps; see {@link DECODE_LOOP_IO}.
 * @param table of the token embeddings, float32 [vocab, hidden]
 * @param type of the past, and of the keys and values that the family makes
 */
export function assembleDecodeLoop(
  config: DecoderSizes,
  familyOf: FamilyOf,
  table: Value,
  type: CacheType,
): Graph {
  const { numKeyValueHeads, headDim, numLayers } = config;
  const given = runInputs(config, type);
  const { rows, numbers, stopTokens, candidates, uniforms, pasts } = given;
  const steps = reshape(shapeOf(uniforms, 0, 1), []);
  const rowCount = shapeOf(rows.lastTokens, 0, 1);
  const each = (value: number): Result => expand(int64([value]), rowCount);
  const unseen = expand(
    float32(new Float32Array(numKeyValueHeads * headDim), [1, numKeyValueHeads, 1, headDim]),
    concat([rowCount, int64([numKeyValueHeads, 1, headDim])], 0),
  );
  const first = type === 'float32' ? unseen : cast(unseen, type);
  const states = [rows.lastTokens, each(1), each(0), ...Array<Value>(2 * numLayers).fill(first)];
  const results = loop(steps, bool(true), states, stepOf(config, familyOf, table, given));
  const [, , counts, ...others] = results;
  const news = others.slice(0, 2 * numLayers);
  const [chosen, bestLogits] = others.slice(2 * numLayers);
  return createGraph(
    [
      ...Object.values(rows),
      ...Object.values(numbers),
      ...[stopTokens, candidates, uniforms],
      ...pasts.flatMap(({ keys, values }) => [keys, values]),
    ],
    {
      [DECODE_LOOP_IO.chosen]: chosen!,
      [DECODE_LOOP_IO.bestLogits]: bestLogits!,
      [DECODE_LOOP_IO.counts]: counts!,
      [DECODE_LOOP_IO.newKeysValues]: stack(news),
    },
  );
}
