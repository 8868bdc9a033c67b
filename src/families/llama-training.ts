import {
  add,
  concat,
  createGraph,
  float32,
  type Graph,
  GraphError,
  gather,
  gemm,
  gradients,
  input,
  int64,
  mul,
  type Result,
  reshape,
  rmsNorm,
  rotaryEmbedding,
  silu,
  type Value,
} from '../graph/index.ts';
import type { DecoderConfig } from './decoder.ts';
import { type PrefixContext, prefixAttention, prefixContext } from './prefix-attention.ts';
import { ropeTables } from './rope.ts';
import { type FrozenWeights, type Objective, TRAINING_IO } from './training.ts';
import { lossOf } from './training-loss.ts';
import { findLinear, findVector, storedTensor } from './weights.ts';

export interface TrainingGraphOptions {
  readonly objective: Objective;
  /** Without the gradient the graph evaluates. */
  readonly gradient: boolean;
}

/** What every layer reads beside its own input. */
interface Forward {
  readonly config: DecoderConfig;
  readonly weights: FrozenWeights;
  readonly context: PrefixContext;
  /** Rotates [tokens, heads * head_dim] by the tokens' positions. */
  readonly rotate: (x: Value) => Value;
}

function linear(x: Value, name: string, outSize: number, hasBias: boolean, weights: FrozenWeights): Result {
  const found = findLinear(weights, name);
  if (found.format !== 'float32') {
    throw new GraphError(`${name}: gradients need a float32 weight, given ${found.format}`);
  }
  const shape = [outSize, x.shape.at(-1) as number];
  const bias = hasBias ? findVector(weights, `${name}.bias`, outSize) : null;
  return gemm(x, storedTensor(`${name}.weight`, found.weight, 'float32', shape), bias);
}

const norm = (x: Value, name: string, { config, weights }: Pick<Forward, 'config' | 'weights'>): Value =>
  rmsNorm(x, findVector(weights, `${name}.weight`, config.hiddenSize), config.rmsNormEps);

/** Attention of all tokens before its output projection, [tokens, query_heads * head_dim]. */
function attention(x: Value, prefix: string, { config, weights, context, rotate }: Forward): Value {
  const { numAttentionHeads: queryHeads, numKeyValueHeads: keyValueHeads, headDim, qkvBias } = config;
  const project = (name: string, heads: number): Value =>
    linear(x, `${prefix}.${name}`, heads * headDim, qkvBias, weights);
  const all = {
    queries: rotate(project('q_proj', queryHeads)),
    keys: rotate(project('k_proj', keyValueHeads)),
    values: project('v_proj', keyValueHeads),
  };
  return prefixAttention(all, context, { queryHeads, keyValueHeads, headDim });
}

/** SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)). */
function feedForward(x: Value, prefix: string, { config, weights }: Forward): Value {
  const { intermediateSize, hiddenSize, mlpBias } = config;
  const gate = linear(x, `${prefix}.gate_proj`, intermediateSize, mlpBias, weights);
  const up = linear(x, `${prefix}.up_proj`, intermediateSize, mlpBias, weights);
  return linear(mul(silu(gate), up), `${prefix}.down_proj`, hiddenSize, mlpBias, weights);
}

/** Hidden states [positions, hidden] of the label positions; after the last attention the others are not needed. */
function hiddenAt(positions: Value, embedded: Value, forward: Forward): Value {
  const { numLayers, hiddenSize, outputBias } = forward.config;
  let hidden = embedded;
  for (let layer = 0; layer < numLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    const isLast = layer === numLayers - 1;
    const wanted = (x: Value): Value => (isLast ? gather(x, positions, 0) : x);
    const mixed = attention(
      norm(hidden, `${prefix}.input_layernorm`, forward),
      `${prefix}.self_attn`,
      forward,
    );
    const output = linear(
      wanted(mixed),
      `${prefix}.self_attn.o_proj`,
      hiddenSize,
      outputBias,
      forward.weights,
    );
    hidden = add(wanted(hidden), output);
    const normed = norm(hidden, `${prefix}.post_attention_layernorm`, forward);
    hidden = add(hidden, feedForward(normed, `${prefix}.mlp`, forward));
  }
  return hidden;
}

function rotation(positionIds: Value, { rope, headDim, contextLength }: DecoderConfig) {
  const tables = ropeTables(rope, headDim, contextLength);
  const shape = [contextLength, headDim / 2];
  // One row a token: the op needs tables as long as its token axis, which may be longer than the context.
  const cos = gather(float32(tables.cos, shape), positionIds, 0);
  const sin = gather(float32(tables.sin, shape), positionIds, 0);
  return (x: Value): Value => {
    const width = x.shape.at(-1) as number;
    return reshape(rotaryEmbedding(reshape(x, [1, -1, width]), int64([0]), cos, sin), [-1, width]);
  };
}

/**
 * The training graph of a llama-like decoder (llama, mistral, qwen2): the loss and its gradient with respect to the
 * prompt only, every weight frozen. Inputs and outputs are those of {@link TRAINING_IO}.
 * Throws `GraphError` when a weight is missing, of another shape, or quantised (the message names it).
 */
export function buildTrainingGraph(
  config: DecoderConfig,
  weights: FrozenWeights,
  { objective, gradient }: TrainingGraphOptions,
): Graph {
  const { hiddenSize, vocabSize, numAttentionHeads: queryHeads, numKeyValueHeads: keyValueHeads } = config;
  const prompt = input(TRAINING_IO.prompt, 'float32', ['prompt', hiddenSize]);
  const inputIds = input(TRAINING_IO.inputIds, 'int64', ['rows', 'sequence']);
  const positionIds = input(TRAINING_IO.positionIds, 'int64', ['prompt + rows*sequence']);
  const promptBias = input(TRAINING_IO.promptBias, 'float32', ['prompt', 'prompt']);
  const textBias = input(TRAINING_IO.textBias, 'float32', ['rows', 'sequence', 'prompt + sequence']);
  const labelPositions = input(TRAINING_IO.labelPositions, 'int64', ['positions']);
  const targetIds = input(TRAINING_IO.targetIds, 'int64', ['positions', 'targets']);
  const tokenWeights = input(TRAINING_IO.tokenWeights, 'float32', ['choices*examples', 'positions*targets']);
  const lossWeights = input(TRAINING_IO.lossWeights, 'float32', ['examples', 'choices']);

  const sizes = { queryHeads, keyValueHeads, headDim: config.headDim };
  const forward: Forward = {
    config,
    weights,
    context: prefixContext(prompt, inputIds, promptBias, textBias, sizes),
    rotate: rotation(positionIds, config),
  };
  const table = storedTensor('model.embed_tokens.weight', weights.embeddings, 'float32', [
    vocabSize,
    hiddenSize,
  ]);
  const embedded = concat([prompt, reshape(gather(table, inputIds, 0), [-1, hiddenSize])], 0);
  const hidden = norm(hiddenAt(labelPositions, embedded, forward), 'model.norm', forward);
  const logits = linear(hidden, 'lm_head', vocabSize, false, weights);
  const { loss, logLikelihoods } = lossOf(logits, { targetIds, tokenWeights, lossWeights }, objective);
  const outputs = { [TRAINING_IO.loss]: loss, [TRAINING_IO.logLikelihoods]: logLikelihoods };
  return createGraph(
    [
      prompt,
      inputIds,
      positionIds,
      promptBias,
      textBias,
      labelPositions,
      targetIds,
      tokenWeights,
      lossWeights,
    ],
    gradient ? { ...outputs, [TRAINING_IO.promptGradient]: gradients(loss, [prompt])[0] as Result } : outputs,
  );
}
