import {
  concat,
  type Input,
  input,
  int64,
  type Result,
  reshape,
  shapeOf,
  split,
  type Value,
} from '../graph/index.ts';
import { type AttentionSizes, attentionSizes } from './attention.ts';
import type { DecoderSizes } from './decoder.ts';
import {
  type Prefix,
  type PrefixContext,
  type Projections,
  type PromptContext,
  prefixAttention,
  prefixContext,
  promptContext,
  promptHeads,
  textAttention,
} from './prefix-attention.ts';
import { type PromptForm, TRAINING_IO } from './training.ts';
import { promptBiasWithin, textBiasWithin } from './window.ts';

/** How a prompt enters the layers of a training graph. */
export interface TrainingPrompt {
  /** The prompt itself, and what else only this form reads. */
  readonly prompt: Input;
  readonly others: readonly Input[];
  /** Of the tokens that pass through the layers, int64 [tokens]. */
  readonly positionIds: Input;
  /** Embeddings of these tokens, float32 [tokens, hidden], from those of the texts. */
  embedded(texts: Value): Value;
  /**
   * Attention of these tokens in one layer; float32 [tokens, query_heads * head_dim].
   * @param window positions that a token looks back at most, its own included; null: as far as the masks let it
   */
  attend(all: Projections, layer: number, window: number | null): Result;
}

/** Numbers of one row of a prompt: an embedding, or keys and values of every layer. */
export function promptWidth(
  {
    hiddenSize,
    numLayers,
    numKeyValueHeads,
    headDim,
  }: Pick<DecoderSizes, 'hiddenSize' | 'numLayers' | 'numKeyValueHeads' | 'headDim'>,
  form: PromptForm,
): number {
  return form === 'rows' ? hiddenSize : 2 * numLayers * numKeyValueHeads * headDim;
}

/**
 * @param inputIds int64 [rows, sequence]
 * @param textBias float32 [rows, sequence, prompt + sequence]
 */
export function trainingPrompt(
  config: DecoderSizes,
  form: PromptForm,
  inputIds: Value,
  textBias: Value,
): TrainingPrompt {
  const prompt = input(TRAINING_IO.prompt, 'float32', ['prompt', promptWidth(config, form)]);
  const sizes = attentionSizes(config);
  // Layers of one window share its masks: equal nodes become one.
  const textsWithin = (window: number | null, positions: Value): PrefixContext => {
    const bias = window === null ? textBias : textBiasWithin(textBias, prompt, positions, window);
    return prefixContext(prompt, inputIds, bias, sizes);
  };
  const textShape = shapeOf(inputIds, 0, 2);
  if (form === 'keysValues') {
    const positionIds = input(TRAINING_IO.positionIds, 'int64', ['rows*sequence']);
    const positions = reshape(positionIds, textShape);
    const prefixes = givenPrefixes(prompt, config.numLayers, sizes);
    return {
      prompt,
      others: [],
      positionIds,
      embedded: (embeddings) => embeddings,
      attend: (all, layer, window) =>
        textAttention(all, prefixes[layer]!, textsWithin(window, positions), sizes),
    };
  }
  const promptBias = input(TRAINING_IO.promptBias, 'float32', ['prompt', 'prompt']);
  const positionIds = input(TRAINING_IO.positionIds, 'int64', ['prompt + rows*sequence']);
  const lengths = concat([shapeOf(prompt, 0, 1), shapeOf(reshape(inputIds, [-1]), 0, 1)], 0);
  const positions = reshape(split(positionIds, lengths, 0)[1]!, textShape);
  const contextWithin = (window: number | null): PromptContext => {
    const bias = window === null ? promptBias : promptBiasWithin(promptBias, window);
    return promptContext(textsWithin(window, positions), inputIds, bias, sizes);
  };
  return {
    prompt,
    others: [promptBias],
    positionIds,
    embedded: (embeddings) => concat([prompt, embeddings], 0),
    attend: (all, _layer, window) => prefixAttention(all, contextWithin(window), sizes),
  };
}

/** The prefix of each layer from the rows of PREFIX_TUNING, [prompt, 2 * layers * kv_heads * head_dim]: keys, then values. */
function givenPrefixes(prompt: Value, layers: number, sizes: AttentionSizes): readonly Prefix[] {
  const width = sizes.keyValueHeads * sizes.headDim;
  const parts = split(prompt, int64(new Array<number>(2 * layers).fill(width)), -1);
  return Array.from({ length: layers }, (_, layer) => ({
    keys: promptHeads(parts[2 * layer]!, sizes),
    values: promptHeads(parts[2 * layer + 1]!, sizes),
  }));
}
