import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { AdapterConfig } from '../domain/prompt.ts';
import { encodePromptFile } from '../peft/prompt-file.ts';
import { normals, uniformIntegers } from '../peft/random.ts';
import { repeatToLength } from '../peft/repeat-to-length.ts';
import { canonicalConfig } from './canonical-config.ts';

/** `prompt_tuning_init` of peft.PromptTuningConfig. */
export type PromptInit =
  | { readonly init: 'RANDOM'; readonly seed: number }
  | { readonly init: 'SAMPLE_VOCAB'; readonly seed: number }
  | { readonly init: 'TEXT'; readonly text: string };

/** What an initialisation needs of the model. */
export interface InitSources {
  readonly model: ModelInfo;
  /** Token ids with the special tokens that the tokenizer adds to a text. */
  readonly tokenize: (text: string) => readonly number[];
  /** One row of the embedding table, Float32 [tokenDim]. */
  readonly embedding: (id: number) => Float32Array | Promise<Float32Array>;
}

/** A new prompt: adapter_config.json and the bytes of adapter_model.safetensors (F32). */
export interface NewPrompt {
  readonly config: AdapterConfig;
  readonly file: Uint8Array;
}

/**
 * Makes a PROMPT_TUNING adapter as peft.PromptEmbedding initialises it. RANDOM and SAMPLE_VOCAB have PEFT's
 * distributions, not torch's random sequence; the same seed gives the same bytes.
 * Throws `invalid` for a number of virtual tokens that does not fit the model and for a text without tokens.
 */
export async function initialisePrompt(
  how: PromptInit,
  numVirtualTokens: number,
  sources: InitSources,
): Promise<NewPrompt> {
  const { model } = sources;
  checkCount(numVirtualTokens, model);
  const rows = await initialRows(how, numVirtualTokens, sources);
  return {
    config: canonicalConfig(model, {
      peftType: 'PROMPT_TUNING',
      numVirtualTokens,
      baseModel: null,
      hasHead: false,
    }),
    file: encodePromptFile({ rows, length: numVirtualTokens, tokenDim: model.tokenDim }),
  };
}

/** Throws `invalid` num_virtual_tokens_out_of_range. */
export function checkCount(numVirtualTokens: number, model: ModelInfo): void {
  const most = model.contextLength - 1;
  if (!Number.isInteger(numVirtualTokens) || numVirtualTokens < 1 || numVirtualTokens > most) {
    throw new DomainError(
      'invalid',
      'num_virtual_tokens_out_of_range',
      `num_virtual_tokens must be 1 to ${most} for ${model.id}.`,
      { param: 'num_virtual_tokens', expected: `1 to ${most}`, given: numVirtualTokens },
    );
  }
}

/** The rows [count, tokenDim] of an initialisation. */
export function initialRows(
  how: PromptInit,
  count: number,
  sources: InitSources,
): Float32Array | Promise<Float32Array> {
  switch (how.init) {
    case 'RANDOM':
      // torch.nn.Embedding's own initialisation: N(0, 1) an element.
      return normals(count * sources.model.tokenDim, how.seed);
    case 'SAMPLE_VOCAB':
      return gather(uniformIntegers(count, sources.model.vocabSize, how.seed), sources);
    case 'TEXT':
      return gather(repeatToLength(sources.tokenize(how.text), count), sources);
  }
}

export async function gather(
  ids: readonly number[],
  { embedding, model }: InitSources,
): Promise<Float32Array> {
  const rows = new Float32Array(ids.length * model.tokenDim);
  for (const [index, id] of ids.entries()) rows.set(await embedding(id), index * model.tokenDim);
  return rows;
}
