import { freshIds } from '../inputs.ts';
import { integerBelow, type Random } from '../random.ts';
import type { BenchPrompt } from '../system.ts';
import { type StreamResult, streamCompletion } from './stream.ts';

/** Requests of one shape, each to any of the tasks, each with an input of its own. */
export interface Traffic {
  readonly prompts: readonly BenchPrompt[];
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A function that sends one request of the traffic; refusals are answers too. */
export function sender(
  url: string,
  random: Random,
  traffic: Traffic,
): (signal?: AbortSignal) => Promise<StreamResult> {
  const { prompts, inputTokens, outputTokens } = traffic;
  return (signal) => {
    const model = prompts[integerBelow(random, prompts.length)]!.task;
    const prompt = freshIds(random, inputTokens);
    return streamCompletion(url, { model, prompt, max_tokens: outputTokens }, signal);
  };
}
