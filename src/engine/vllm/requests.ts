import type { GenerateRequest } from '../../domain/engine.ts';
import type { SamplingParams } from '../../domain/sampling.ts';
import { torchFile } from './torch-file.ts';

/** What stands before the output: token ids of a request without a soft prompt, else the rows that enter the model. */
export type ModelInput =
  | { readonly ids: readonly number[] }
  | { readonly rows: readonly Float32Array[]; readonly width: number };

/** JSON fields of `POST /v1/completions`, without the model and the input. */
export type CompletionFields = Readonly<Record<string, unknown>>;

/** A body of `POST /v1/completions`: rows as base64 of a file of torch (`prompt_embeds`), ids as `prompt`. */
export function completionBody(model: string, input: ModelInput, fields: CompletionFields): string {
  const rest = { model, ...ALWAYS, ...fields };
  if ('ids' in input) return JSON.stringify({ ...rest, prompt: input.ids });
  const file = torchFile(input.rows, input.width).toString('base64');
  // Base64 needs no escapes, and is long.
  return `{"prompt_embeds":"${file}",${JSON.stringify(rest).slice(1)}`;
}

/**
 * Tokens are read by their ids, also where a server has no tokenizer. What ends a generation is in `stop_token_ids`, and
 * `min_p` would otherwise come from the model's own generation_config.json.
 */
const ALWAYS: CompletionFields = {
  n: 1,
  min_p: 0,
  ignore_eos: true,
  skip_special_tokens: false,
  return_token_ids: true,
  return_tokens_as_token_ids: true,
};

/** A stream of tokens. */
export function generationFields(request: GenerateRequest): CompletionFields {
  return {
    stream: true,
    max_tokens: request.maxTokens,
    stop_token_ids: request.stopTokenIds,
    logprobs: request.topLogprobs,
    ...samplingFields(request.sampling),
  };
}

/** One token, with the log-probabilities of these next to those of the best. At most 128 ids. */
export const wantedFields = (ids: readonly number[]): CompletionFields => ({
  ...GREEDY,
  max_tokens: 1,
  logprobs: ids.length,
  logprob_token_ids: ids,
});

/** One token, with the log-probabilities of the best. */
export const bestFields = (count: number): CompletionFields => ({
  ...GREEDY,
  max_tokens: 1,
  logprobs: count,
});

/** One token, behind a prompt of ids of which each has its log-probability. */
export const promptFields = (topLogprobs: number): CompletionFields => ({
  ...GREEDY,
  max_tokens: 1,
  prompt_logprobs: topLogprobs,
});

/** All of them, because the defaults of a server are those of the model's generation_config.json. */
function samplingFields(sampling: SamplingParams): CompletionFields {
  const { temperature, topP, topK, repetitionPenalty, presencePenalty, frequencyPenalty, seed } = sampling;
  return {
    temperature,
    top_p: topP,
    top_k: topK,
    repetition_penalty: repetitionPenalty,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    ...(temperature > 0 && { seed: vllmSeed(seed) }),
  };
}

const GREEDY: CompletionFields = samplingFields({
  temperature: 0,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 0,
});

/** To vLLM -1 is no seed at all. */
const vllmSeed = (seed: number): number => (seed < 0 ? seed + Number.MAX_SAFE_INTEGER : seed);
