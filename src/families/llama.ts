import {
  add,
  concat,
  createGraph,
  float32,
  type Graph,
  GraphError,
  gather,
  gatherPairs,
  type Input,
  input,
  int64,
  logSoftmax,
  mul,
  type Result,
  reshape,
  rmsNorm,
  rotaryEmbedding,
  shapeOf,
  sigmoid,
  topK,
  type Value,
} from '../graph/index.ts';
import {
  type AttentionContext,
  type AttentionSizes,
  attentionContext,
  groupedQueryAttention,
  type KeysValues,
  splitHeads,
} from './attention.ts';
import { bestCount, type DecoderConfig, SERVING_IO, type WeightCatalog } from './decoder.ts';
import { applyLinears } from './linear.ts';
import { ropeTables } from './rope.ts';
import { findLinear, findVector } from './weights.ts';

/** What every layer reads beside its own input. */
interface Forward {
  readonly config: DecoderConfig;
  readonly weights: WeightCatalog;
  readonly attention: AttentionContext;
  readonly rotate: (x: Value) => Value;
}

/** What a linear layer reads; `gain` as in {@link applyLinears}. */
interface LinearInput {
  readonly x: Value;
  readonly gain: Value | null;
}

/** Name, width and bias of a linear layer. */
interface Layer {
  readonly name: string;
  readonly outSize: number;
  readonly hasBias: boolean;
}

/** Layers that all read the same input. */
function linears(
  { x, gain }: LinearInput,
  layers: readonly Layer[],
  weights: WeightCatalog,
): readonly Result[] {
  const found = layers.map(({ name, outSize, hasBias }) => ({
    name,
    inSize: x.shape.at(-1) as number,
    outSize,
    weight: findLinear(weights, name),
    bias: hasBias ? findVector(weights, `${name}.bias`, outSize) : null,
  }));
  return applyLinears(x, found, gain);
}

const linear = (input: LinearInput, layer: Layer, weights: WeightCatalog): Result =>
  linears(input, [layer], weights)[0]!;

function norm(x: Value, name: string, { config, weights }: Pick<Forward, 'config' | 'weights'>): LinearInput {
  const gain = findVector(weights, `${name}.weight`, config.hiddenSize);
  return { x: rmsNorm(x, gain, config.rmsNormEps), gain };
}

const sizesOf = (config: DecoderConfig): AttentionSizes => ({
  queryHeads: config.numAttentionHeads,
  keyValueHeads: config.numKeyValueHeads,
  headDim: config.headDim,
});

/** Self-attention of one layer with its projections; `current` are the keys and values of the new positions. */
function selfAttention(x: LinearInput, prefix: string, past: KeysValues, forward: Forward) {
  const { config, weights, attention, rotate } = forward;
  const { numAttentionHeads, numKeyValueHeads, headDim, qkvBias } = config;
  const projection = (name: string, heads: number): Layer => ({
    name: `${prefix}.${name}`,
    outSize: heads * headDim,
    hasBias: qkvBias,
  });
  const layers = [
    projection('q_proj', numAttentionHeads),
    projection('k_proj', numKeyValueHeads),
    projection('v_proj', numKeyValueHeads),
  ];
  const [q, k, v] = linears(x, layers, weights);
  const queries = rotate(splitHeads(q!, numAttentionHeads, headDim, attention));
  const current: KeysValues = {
    keys: rotate(splitHeads(k!, numKeyValueHeads, headDim, attention)),
    values: splitHeads(v!, numKeyValueHeads, headDim, attention),
  };
  const mixed = groupedQueryAttention(queries, past, current, attention, sizesOf(config));
  const output = linear(
    { x: mixed, gain: null },
    { name: `${prefix}.o_proj`, outSize: config.hiddenSize, hasBias: config.outputBias },
    weights,
  );
  return { output, current };
}

/** SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)). */
function feedForward(x: LinearInput, prefix: string, { config, weights }: Forward): Value {
  const { intermediateSize, hiddenSize, mlpBias } = config;
  const layer = (name: string, outSize: number): Layer => ({
    name: `${prefix}.${name}`,
    outSize,
    hasBias: mlpBias,
  });
  const [gate, up] = linears(
    x,
    [layer('gate_proj', intermediateSize), layer('up_proj', intermediateSize)],
    weights,
  );
  const gated = mul(mul(gate!, sigmoid(gate!)), up!);
  return linear({ x: gated, gain: null }, layer('down_proj', hiddenSize), weights);
}

/** n tensors of one shape -> [n, ...shape]; one copy of all, where a reshape of each would be a node of each. */
function stack(parts: readonly Value[]): Result {
  const first = parts[0]!;
  return reshape(concat(parts, 0), concat([int64([parts.length]), shapeOf(first, 0, first.shape.length)], 0));
}

function checkConfig({ numLayers, numAttentionHeads, numKeyValueHeads, headDim, rope }: DecoderConfig): void {
  if (numLayers < 1) throw new GraphError(`expected at least one layer, given ${numLayers}`);
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw new GraphError(
      `${numAttentionHeads} attention heads cannot share ${numKeyValueHeads} key/value heads`,
    );
  }
  if (headDim % 2 !== 0) throw new GraphError(`rotary embedding needs an even head_dim, given ${headDim}`);
  if (rope.type === 'factors' && rope.factors.length !== headDim / 2) {
    throw new GraphError(`expected ${headDim / 2} rotary factors, given ${rope.factors.length}`);
  }
}

/**
 * The delta-KV serving graph of a llama-like decoder; inputs and outputs are those of {@link SERVING_IO}.
 *
 * A row's numbers do not depend on its batch. They do not depend on how far its past is padded either, bit for bit,
 * as long as the past axis is a multiple of 16: ONNX Runtime sums a softmax row in vector lanes, and then every
 * position stays in its lane.
 * Throws `GraphError` when the configuration contradicts itself, or when a weight is missing or of another shape
 * (the message names it).
 */
export function buildServingGraph(config: DecoderConfig, weights: WeightCatalog): Graph {
  checkConfig(config);
  const { hiddenSize, numLayers, numKeyValueHeads, headDim } = config;
  const embeddings = input(SERVING_IO.inputsEmbeds, 'float32', ['batch', 'sequence', hiddenSize]);
  const positionIds = input(SERVING_IO.positionIds, 'int64', ['batch', 'sequence']);
  const bias = input(SERVING_IO.attentionBias, 'float32', ['batch', 1, 'sequence', 'past + sequence']);
  const logitPositions = input(SERVING_IO.logitPositions, 'int64', ['rows']);
  const cache = (name: string): Input => input(name, 'float32', ['batch', numKeyValueHeads, 'past', headDim]);
  const pasts = Array.from({ length: numLayers }, (_, layer) => ({
    keys: cache(SERVING_IO.pastKeys(layer)),
    values: cache(SERVING_IO.pastValues(layer)),
  }));

  const tables = ropeTables(config.rope, headDim, config.contextLength);
  const cos = float32(tables.cos, [config.contextLength, headDim / 2]);
  const sin = float32(tables.sin, [config.contextLength, headDim / 2]);
  const forward: Forward = {
    config,
    weights,
    attention: attentionContext(embeddings, pasts[0]!.keys, bias, sizesOf(config)),
    rotate: (x) => rotaryEmbedding(x, positionIds, cos, sin),
  };

  let hidden: Value = reshape(embeddings, [-1, hiddenSize]);
  const news: Value[] = [];
  for (const [layer, past] of pasts.entries()) {
    const prefix = `model.layers.${layer}`;
    const normed = norm(hidden, `${prefix}.input_layernorm`, forward);
    const { output, current } = selfAttention(normed, `${prefix}.self_attn`, past, forward);
    hidden = add(hidden, output);
    const mlp = feedForward(
      norm(hidden, `${prefix}.post_attention_layernorm`, forward),
      `${prefix}.mlp`,
      forward,
    );
    hidden = add(hidden, mlp);
    news.push(current.keys, current.values);
  }

  const selected = gather(hidden, logitPositions, 0);
  const logits = linear(
    norm(selected, 'model.norm', forward),
    { name: 'lm_head', outSize: config.vocabSize, hasBias: false },
    weights,
  );
  // What most requests need of the logits is little: rows of the vocabulary's width need not leave the graph.
  const bestRows = input(SERVING_IO.bestRows, 'int64', ['best']);
  const scoredRows = input(SERVING_IO.scoredRows, 'int64', ['scored']);
  const scorePairs = input(SERVING_IO.scorePairs, 'int64', ['pairs', 2]);
  const [bestLogits, bestTokens] = topK(gather(logits, bestRows, 0), bestCount(config.vocabSize));
  const scores = gatherPairs(logSoftmax(gather(logits, scoredRows, 0), -1), scorePairs);
  const caches = pasts.flatMap(({ keys, values }) => [keys, values]);
  return createGraph(
    [embeddings, positionIds, bias, logitPositions, bestRows, scoredRows, scorePairs, ...caches],
    {
      [SERVING_IO.logits]: logits,
      [SERVING_IO.bestLogits]: bestLogits,
      [SERVING_IO.bestTokens]: bestTokens,
      [SERVING_IO.scores]: scores,
      [SERVING_IO.newKeysValues]: stack(news),
    },
  );
}
