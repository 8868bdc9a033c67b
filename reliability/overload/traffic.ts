import { type StreamResult, streamCompletion } from '../../bench/load/stream.ts';
import { PromptWriter } from '../../bench/prompts.ts';
import { integerBelow, type Random } from '../../bench/random.ts';
import type { BenchPrompt } from '../../bench/system.ts';
import type { Bundle } from '../../src/model/bundle.ts';

/** Requests of one shape, each to any of the tasks. */
export interface Shape {
  readonly tasks: number;
  readonly virtualTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What became of a request: a stream that broke counts as status 0. */
export type Outcome = StreamResult;

/** Gives each of the tasks a prompt and returns what sends one request to one of them. */
export async function prepareTraffic(
  url: string,
  bundle: Bundle,
  random: Random,
  shape: Shape,
): Promise<() => Promise<Outcome>> {
  const ids = (count: number) => commonIds(random, bundle.manifest.config.vocabSize, count);
  const prompts = Array.from({ length: shape.tasks }, (_, i) => ({
    task: `overload-${i}`,
    ids: ids(shape.virtualTokens),
  }));
  const writer = await PromptWriter.open(bundle);
  for (const prompt of prompts) await upload(url, prompt, await writer.file(prompt));
  await writer.close();
  return async () => {
    const start = performance.now();
    const { task } = prompts[integerBelow(random, prompts.length)]!;
    const fields = { model: task, prompt: ids(shape.inputTokens), max_tokens: shape.outputTokens };
    return streamCompletion(url, fields).catch(() => broken(start));
  };
}

/** Ids from the middle of the vocabulary: no special tokens, no rare tail. */
function commonIds(random: Random, vocabSize: number, count: number): number[] {
  const quarter = Math.floor(vocabSize / 4);
  return Array.from({ length: count }, () => quarter + integerBelow(random, 2 * quarter));
}

async function upload(url: string, { task }: BenchPrompt, file: Uint8Array): Promise<void> {
  const response = await fetch(`${url}/v1/tasks/${task}/prompts`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Blob([new Uint8Array(file)]),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`upload of ${task}: ${response.status} ${text}`);
}

function broken(start: number): Outcome {
  return { status: 0, retryAfter: null, start, answered: performance.now(), arrivals: [], tokens: [] };
}
