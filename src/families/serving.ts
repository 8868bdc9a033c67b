import {
  add,
  createGraph,
  type Graph,
  gather,
  gatherPairs,
  type Input,
  input,
  logSoftmax,
  type Result,
  reshape,
  topK,
  type Value,
} from '../graph/index.ts';
import {
  type AttentionContext,
  attentionContext,
  attentionSizes,
  type KeysValues,
  type Past,
} from './attention.ts';
import type { CacheType } from './cache-type.ts';
import { bestCount, type DecoderSizes, SERVING_IO } from './decoder.ts';
import type { LinearInput } from './linear.ts';
import { stack } from './stack.ts';
import { biasWithin } from './window.ts';

/**
 * What a family puts between the inputs and outputs that all serving graphs share. Hidden states are float32
 * [batch * sequence, hidden].
 */
export interface ServingFamily {
  /** The first hidden states from the embeddings, which are of the same shape. */
  embed(embeddings: Value): Value;
  /** What attention adds to the hidden states, and the keys and values of the new positions. */
  attention(
    hidden: Value,
    layer: number,
    past: Past,
  ): { readonly output: Value; readonly current: KeysValues };
  /** What attention to an encoder's output adds to them; a decoder-only model has none. */
  crossAttention?(hidden: Value, layer: number): Value;
  /** What the feed-forward network adds to the hidden states. */
  feedForward(hidden: Value, layer: number): Value;
  /** The final norm of the last hidden states of some rows. */
  norm(hidden: Value): NormedStates;
  /** float32 [rows, vocab]. */
  logits(normed: NormedStates): Result;
}

/** Hidden states behind a norm, float32 [rows, hidden], with what a linear layer wants to know of it. */
export interface NormedStates extends LinearInput {
  readonly x: Result;
}

/** A family over what its layers read. */
export type FamilyOf = (inputs: ServingInputs) => ServingFamily;

/** What a family's layers read beside the hidden states. */
export interface ServingInputs {
  /** int64 [batch, sequence]. */
  readonly positionIds: Value;
  /** Of the first layer; its axis 2 is the past. */
  readonly pastKeys: Value;
  readonly attention: AttentionContext;
  /** The same of layers that look back only `window` positions, the query's own included. */
  readonly attentionWithin: (window: number) => AttentionContext;
}

/** What the layers make of hidden states [batch * sequence, hidden]; `news` are the keys and values of each layer in turn. */
export function passLayers(
  family: ServingFamily,
  first: Value,
  pasts: readonly Past[],
): { readonly hidden: Value; readonly news: readonly KeysValues[] } {
  let hidden = first;
  const news: KeysValues[] = [];
  for (const [layer, past] of pasts.entries()) {
    const { output, current } = family.attention(hidden, layer, past);
    hidden = add(hidden, output);
    if (family.crossAttention !== undefined) hidden = add(hidden, family.crossAttention(hidden, layer));
    hidden = add(hidden, family.feedForward(hidden, layer));
    news.push(current);
  }
  return { hidden, news };
}

/**
 * The delta-KV serving graph of a family; inputs and outputs are those of {@link SERVING_IO}.
 * @param type of the past, and of the keys and values that the family makes
 * @param others inputs that only this family reads
 */
export function assembleServing(
  config: DecoderSizes,
  familyOf: FamilyOf,
  type: CacheType,
  others: readonly Input[] = [],
): Graph {
  const { hiddenSize, numLayers, numKeyValueHeads, headDim } = config;
  const embeddings = input(SERVING_IO.inputsEmbeds, 'float32', ['batch', 'sequence', hiddenSize]);
  const positionIds = input(SERVING_IO.positionIds, 'int64', ['batch', 'sequence']);
  const bias = input(SERVING_IO.attentionBias, 'float32', ['batch', 1, 'sequence', 'past + sequence']);
  const logitPositions = input(SERVING_IO.logitPositions, 'int64', ['rows']);
  const cache = (name: string): Input => input(name, type, ['batch', numKeyValueHeads, 'past', headDim]);
  const pasts = Array.from({ length: numLayers }, (_, layer) => ({
    keys: cache(SERVING_IO.pastKeys(layer)),
    values: cache(SERVING_IO.pastValues(layer)),
  }));
  const pastKeys = pasts[0]!.keys;
  const contextOf = (mask: Value): AttentionContext =>
    attentionContext(embeddings, pastKeys, mask, attentionSizes(config));
  const family = familyOf({
    positionIds,
    pastKeys,
    attention: contextOf(bias),
    attentionWithin: (window) => contextOf(biasWithin(bias, positionIds, pastKeys, window)),
  });

  const { hidden, news } = passLayers(
    family,
    family.embed(reshape(embeddings, [-1, hiddenSize])),
    pasts.map((past) => [past]),
  );

  const normed = family.norm(gather(hidden, logitPositions, 0));
  const logits = family.logits(normed);
  // What most requests need of the logits is little: rows of the vocabulary's width need not leave the graph.
  const bestRows = input(SERVING_IO.bestRows, 'int64', ['best']);
  const scoredRows = input(SERVING_IO.scoredRows, 'int64', ['scored']);
  const scorePairs = input(SERVING_IO.scorePairs, 'int64', ['pairs', 2]);
  const [bestLogits, bestTokens] = topK(gather(logits, bestRows, 0), bestCount(config.vocabSize));
  const scores = gatherPairs(logSoftmax(gather(logits, scoredRows, 0), -1), scorePairs);
  const caches = pasts.flatMap(({ keys, values }) => [keys, values]);
  return createGraph(
    [embeddings, positionIds, bias, logitPositions, bestRows, scoredRows, scorePairs, ...caches, ...others],
    {
      [SERVING_IO.hiddenStates]: normed.x,
      [SERVING_IO.logits]: logits,
      [SERVING_IO.bestLogits]: bestLogits,
      [SERVING_IO.bestTokens]: bestTokens,
      [SERVING_IO.scores]: scores,
      [SERVING_IO.newKeysValues]: stack(news.flatMap(({ keys, values }) => [keys, values])),
    },
  );
}
