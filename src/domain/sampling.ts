/** How the next token is chosen from the logits. Every field has a value; defaults are below. */
export interface SamplingParams {
  /** 0 is greedy: the highest logit, the lowest id among equals. */
  readonly temperature: number;
  /** Nucleus: the smallest set of tokens whose probabilities sum to at least this. 1 is off. */
  readonly topP: number;
  /** Only the k most likely tokens. 0 is off. */
  readonly topK: number;
  /** Divides positive and multiplies negative logits of tokens seen in input or output (CTRL). 1 is off. */
  readonly repetitionPenalty: number;
  /** Subtracted once from the logit of each token already generated (OpenAI). */
  readonly presencePenalty: number;
  /** Subtracted per earlier occurrence in the generated tokens (OpenAI). */
  readonly frequencyPenalty: number;
  /** Seed of this request's own random sequence. */
  readonly seed: number;
}

export const DEFAULT_SAMPLING: Omit<SamplingParams, 'seed'> = {
  temperature: 1,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
};

/** A task's `defaults`: the request fields of the same names, for requests that leave them out. */
export interface SamplingOverrides {
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly repetition_penalty?: number;
  readonly presence_penalty?: number;
  readonly frequency_penalty?: number;
  readonly stop?: string | readonly string[];
  readonly seed?: number;
}
