import { request } from './http.ts';
import { stream } from './stream.ts';
import { taskPath } from './tasks.ts';
import type { Classification, CompletionChunk } from './types.ts';

export interface GenerationSettings {
  readonly max_tokens: number;
  readonly temperature: number;
  readonly top_p: number;
  readonly seed: number | null;
}

/** @param model a task, `task@version`, or the base model's id */
export const streamCompletion = (
  model: string,
  prompt: string,
  settings: GenerationSettings,
  signal: AbortSignal,
): AsyncGenerator<CompletionChunk> =>
  stream('POST', 'v1/completions', {
    json: { model, prompt, ...settings, stream: true, stream_options: { include_usage: true } },
    signal,
  });

export const classify = (
  task: string,
  version: number | null,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly results: readonly Classification[] }> =>
  request('POST', taskPath(task, 'classify'), { json: { inputs, version }, signal });
