import { concat, type Input, input, int64, type Result, split, type Value } from '../graph/index.ts';
import { type AttentionSizes, attentionSizes } from './attention.ts';
import type { DecoderSizes } from './decoder.ts';
import {
  type Prefix,
  type Projections,
  prefixAttention,
  prefixContext,
  promptContext,
  promptHeads,
  textAttention,
} from './prefix-attention.ts';
import { type PromptForm, TRAINING_IO } from './training.ts';

/** How a prompt enters the layers of a training graph. */
export interface TrainingPrompt {
  /** The prompt itself, and what else only this form reads. */
  readonly prompt: Input;
  readonly others: readonly Input[];
  /** Symbolic number of the tokens that pass through the layers. */
  readonly tokens: string;
  /** Embeddings of these tokens, float32 [tokens, hidden], from those of the texts. */
  embedded(texts: Value): Value;
  /** Attention of these tokens in one layer; float32 [tokens, query_heads * head_dim]. */
  attend(all: Projections, layer: number): Result;
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
  const texts = prefixContext(prompt, inputIds, textBias, sizes);
  if (form === 'keysValues') {
    const prefixes = givenPrefixes(prompt, config.numLayers, sizes);
    return {
      prompt,
      others: [],
      tokens: 'rows*sequence',
      embedded: (embeddings) => embeddings,
      attend: (all, layer) => textAttention(all, prefixes[layer]!, texts, sizes),
    };
  }
  const promptBias = input(TRAINING_IO.promptBias, 'float32', ['prompt', 'prompt']);
  const context = promptContext(texts, inputIds, promptBias, sizes);
  return {
    prompt,
    others: [promptBias],
    tokens: 'prompt + rows*sequence',
    embedded: (embeddings) => concat([prompt, embeddings], 0),
    attend: (all) => prefixAttention(all, context, sizes),
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
