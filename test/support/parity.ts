import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, succeeded } from './client.ts';
import { countMismatches, logSoftmax, maxDifference } from './numbers.ts';
import type { RecordedCase, RecordedFamily, RecordingIndex } from './recordings.ts';
import { type Labels, readLabels } from './token-labels.ts';

/** One comparison of the service with a recording. */
export interface Finding {
  readonly subject: string;
  readonly text: string;
  readonly check: string;
  /** Largest difference; for ids the number of ids that differ. */
  readonly difference: number;
  /** Largest difference that is agreement. */
  readonly tolerance: number;
}

/** Alternatives that the service reports at most. */
const TOP = 20;

/** What one case is checked against: where the client finds it, and how its numbers are compared. */
interface Context {
  readonly client: Client;
  readonly index: RecordingIndex;
  readonly labels: Labels;
  /** Inputs have log-probabilities of their own. */
  readonly echoes: boolean;
  /** The model reference and what the recording calls it. */
  readonly model: string;
  readonly subject: string;
}

/**
 * Uploads each adapter of a recorded family as a task and compares everything that was recorded, over HTTP.
 * `baseModel` is the id of the served model.
 */
export async function* checkFamily(
  client: Client,
  index: RecordingIndex,
  family: RecordedFamily,
  baseModel: string,
): AsyncGenerator<Finding> {
  const labels = readLabels(await readFile(join(family.modelDirectory, 'tokenizer.json'), 'utf8'));
  const context = { client, index, labels, echoes: !family.isEncoderDecoder };
  yield* checkCases({ ...context, model: baseModel, subject: 'base' }, family.base);
  for (const { name, config, model, taskId, cases } of family.adapters) {
    const task = `parity-${name.replaceAll(/[_ ]/g, '-')}`;
    const query = taskId === null ? '' : `?task_id=${taskId}`;
    succeeded(await client.uploadAdapter(task, config, model, query), `upload of ${name}`);
    yield* checkCases({ ...context, model: task, subject: name }, cases);
  }
}

async function* checkCases(context: Context, cases: readonly RecordedCase[]): AsyncGenerator<Finding> {
  for (const recorded of cases) {
    const found = [
      ...(await checkGreedy(context, recorded)),
      await checkNextToken(context, recorded),
      ...(await checkLabels(context, recorded)),
    ];
    for (const { check, difference, tolerance } of found) {
      yield { subject: context.subject, text: recorded.text, check, difference, tolerance };
    }
  }
}

type Comparison = Pick<Finding, 'check' | 'difference' | 'tolerance'>;

async function checkGreedy({ client, model }: Context, recorded: RecordedCase): Promise<Comparison[]> {
  const { text, input_ids: ids, greedy_ids: expected } = recorded;
  const fromText = await client.greedy(model, text, expected.length);
  const comparisons = [
    { check: 'greedy, text', difference: countMismatches(fromText, expected), tolerance: 0 },
  ];
  if (ids.length > 0) {
    const fromIds = await client.greedy(model, ids, expected.length);
    comparisons.push({ check: 'greedy, ids', difference: countMismatches(fromIds, expected), tolerance: 0 });
  }
  return comparisons;
}

/** The reported alternatives against log softmax of the recorded logits, and that they are the most likely. */
async function checkNextToken(
  { client, model, labels, index }: Context,
  { text, last_logits: logits }: RecordedCase,
): Promise<Comparison> {
  const { logprobs, token_ids: chosen } = await client.complete({
    model,
    prompt: text,
    max_tokens: 1,
    temperature: 0,
    ignore_eos: true,
    logprobs: TOP,
    return_token_ids: true,
  });
  const expected = logSoftmax(logits);
  // The chosen token is reported by its text in the output, which is U+FFFD for a lone byte.
  const idOf = (label: string) => (label === logprobs?.tokens[0] ? chosen![0] : labels.idOf(label));
  const given = new Map(
    Object.entries(logprobs?.top_logprobs[0] ?? {}).map(([label, logprob]) => [idOf(label), logprob]),
  );
  // Rows of the embedding table beyond the tokenizer's vocabulary have no label.
  given.delete(undefined);
  const differences = Array.from(given, ([id, logprob]) => Math.abs(logprob - expected[id!]!));
  const { logits_abs: tolerance } = index.tolerance;
  const last = expected.toSorted((a, b) => b - a)[TOP - 1]!;
  const missing = expected.filter(
    (logprob, id) => logprob > last + tolerance && labels.has(id) && !given.has(id),
  );
  const difference = missing.length > 0 ? Number.POSITIVE_INFINITY : Math.max(...differences);
  return { check: 'next token', difference, tolerance };
}

/** Labels as continuations: scored, classified, and echoed as part of a prompt of token ids. */
async function checkLabels(
  { client, model, subject, index, echoes }: Context,
  { text, input_ids: ids, label_loglik: expected }: RecordedCase,
): Promise<Comparison[]> {
  const tolerance = index.tolerance.loglik_abs;
  const scored = await client.score(model, text, index.labels);
  const { results } = await client.ok<{ results: { probabilities: Record<string, number> }[] }>(
    'POST',
    `/v1/tasks/${model}/classify`,
    { inputs: [text], labels: index.labels },
  );
  const probabilities = index.labels.map((label) => results[0]!.probabilities[label] ?? Number.NaN);
  const echoed: number[] = [];
  for (const label of echoes ? index.labels : []) {
    echoed.push(await echoedLoglik(client, model, ids, await client.tokenize(label, false)));
  }
  return [
    { check: 'score', difference: maxDifference(scored, expected), tolerance },
    {
      check: 'classify',
      difference: maxDifference(probabilities, logSoftmax(expected).map(Math.exp)),
      tolerance,
    },
    // Without a prompt or text nothing stands before the first label token.
    ...(!echoes || (subject === 'base' && ids.length === 0)
      ? []
      : [{ check: 'echo', difference: maxDifference(echoed, expected), tolerance }]),
  ];
}

/** log p(target | prompt, ids), added up from the log-probabilities of an echoed prompt. */
async function echoedLoglik(
  client: Client,
  model: string,
  ids: readonly number[],
  target: readonly number[],
): Promise<number> {
  const { logprobs } = await client.complete({
    model,
    prompt: [...ids, ...target],
    max_tokens: 1,
    temperature: 0,
    echo: true,
    logprobs: 0,
  });
  const input = logprobs?.token_logprobs.slice(ids.length, ids.length + target.length) ?? [];
  return input.reduce<number>((sum, logprob) => sum + (logprob ?? Number.NaN), 0);
}
