import { randomInt } from 'node:crypto';
import { DomainError } from '../domain/errors.ts';
import type { GenerationFields } from '../domain/inference.ts';
import { DEFAULT_SAMPLING, type SamplingOverrides, type SamplingParams } from '../domain/sampling.ts';

/** A request's fields with every default filled in. */
export interface GenerationParameters {
  /** Null: the request names none. */
  readonly maxTokens: number | null;
  readonly sampling: SamplingParams;
  readonly stop: readonly string[];
  /** Choices for each prompt. */
  readonly n: number;
  readonly ignoreEos: boolean;
}

/** crypto.randomInt's largest range. */
const RANDOM_SEEDS = 2 ** 48 - 1;

/** The request's field, else the task's default, else the service's. Throws `invalid` invalid_stop. */
export function generationParameters(
  request: GenerationFields,
  defaults: SamplingOverrides,
): GenerationParameters {
  const stop = request.stop ?? defaults.stop ?? [];
  const stops = typeof stop === 'string' ? [stop] : stop;
  stops.forEach(checkStop);
  const initial = DEFAULT_SAMPLING;
  return {
    maxTokens: request.max_tokens ?? defaults.max_tokens ?? null,
    sampling: {
      temperature: request.temperature ?? defaults.temperature ?? initial.temperature,
      topP: request.top_p ?? defaults.top_p ?? initial.topP,
      topK: request.top_k ?? defaults.top_k ?? initial.topK,
      repetitionPenalty:
        request.repetition_penalty ?? defaults.repetition_penalty ?? initial.repetitionPenalty,
      presencePenalty: request.presence_penalty ?? defaults.presence_penalty ?? initial.presencePenalty,
      frequencyPenalty: request.frequency_penalty ?? defaults.frequency_penalty ?? initial.frequencyPenalty,
      seed: request.seed ?? defaults.seed ?? randomInt(RANDOM_SEEDS),
    },
    stop: stops,
    n: request.n ?? 1,
    ignoreEos: request.ignore_eos ?? false,
  };
}

/** The seed of a prompt's k-th choice: choices differ, and the same request gives the same choices. */
export function choiceSeed(seed: number, k: number): number {
  const last = Number.MAX_SAFE_INTEGER;
  return seed <= last - k ? seed + k : seed - last + k;
}

/** A lone surrogate could match half a character. */
function checkStop(stop: string): void {
  if (stop !== '' && !/\p{Surrogate}/u.test(stop)) return;
  throw new DomainError('invalid', 'invalid_stop', 'A stop string is non-empty, well-formed text.', {
    param: 'stop',
    given: stop,
  });
}
