import { setTimeout } from 'node:timers/promises';
import type { Engine, ScoreRequest } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type {
  Classification,
  ClassifyRequest,
  ScoredText,
  ScoreTextsRequest,
  ServiceTier,
  Usage,
} from '../domain/inference.ts';
import { applyTemplate } from '../domain/task.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { mapConcurrent } from './concurrent.ts';
import { encodeTexts } from './input.ts';
import { encodeLabels } from './labels.ts';
import { checkContext, checkNotEmpty } from './limits.ts';
import type { Target } from './target.ts';
import { turnOf } from './turn.ts';

/** Inputs in the engine at a time: enough to fill its batches, and room in its queue for others. */
const MAX_CONCURRENT_SCORES = 64;

/** How long an input waits before it asks for a place again. */
const RETRY_MS = 50;

export interface Ranked<T> {
  readonly results: readonly T[];
  readonly usage: Usage;
}

/** Ranks labels as continuations of each input: one forward pass an input, softmax over log-likelihoods. */
export async function classifyInputs(
  engine: Engine,
  tokenizer: Tokenizer,
  target: Target,
  request: Pick<ClassifyRequest, 'inputs' | 'labels' | 'tier'>,
  signal: AbortSignal,
): Promise<Ranked<Classification>> {
  const labels = request.labels ?? target.labels;
  const continuations = await encodeLabels(tokenizer, engine.limits, labels);
  const pairs = request.inputs.map((text) => ({ text, continuations }));
  const { logliks, usage } = await scorePairs(engine, tokenizer, target, pairs, request.tier, signal);
  return { results: logliks.map((values) => classification(labels!, values)), usage };
}

/** log p(target | prompt, text) for each pair; the target's tokens follow the text's without any between. */
export async function scoreTargets(
  engine: Engine,
  tokenizer: Tokenizer,
  target: Target,
  { inputs, tier }: Pick<ScoreTextsRequest, 'inputs' | 'tier'>,
  signal: AbortSignal,
): Promise<Ranked<ScoredText>> {
  const texts = inputs.map((input) => input.target);
  const options = { addSpecialTokens: false, param: 'inputs' };
  const targets = await encodeTexts(tokenizer, engine.limits, texts, options);
  const empty = targets.findIndex((ids) => ids.length === 0);
  if (empty >= 0) {
    throw new DomainError('unprocessable', 'empty_target', 'A target holds at least one token.', {
      param: `inputs[${empty}].target`,
      expected: 'at least one token',
      given: 0,
    });
  }
  const pairs = inputs.map(({ text }, i) => ({ text, continuations: [targets[i]!] }));
  const { logliks, usage } = await scorePairs(engine, tokenizer, target, pairs, tier, signal);
  return {
    results: logliks.map(([loglik], i) => ({ loglik: loglik!, tokens: targets[i]!.length })),
    usage,
  };
}

interface Pair {
  readonly text: string;
  readonly continuations: readonly (readonly number[])[];
}

/** Log-likelihoods [input][continuation]. Every input is checked before the first is sent. */
async function scorePairs(
  engine: Engine,
  tokenizer: Tokenizer,
  target: Target,
  pairs: readonly Pair[],
  tier: ServiceTier | undefined,
  signal: AbortSignal,
): Promise<{ readonly logliks: readonly number[][]; readonly usage: Usage }> {
  const { prompt, template } = target;
  const turn = turnOf(target, pairs.length, tier);
  const texts = pairs.map(({ text }) => applyTemplate(template, text));
  const options = { addSpecialTokens: true, param: 'inputs' };
  const inputs = await encodeTexts(tokenizer, engine.limits, texts, options);
  pairs.forEach(({ continuations }, i) => {
    const longest = Math.max(...continuations.map((ids) => ids.length));
    checkNotEmpty(prompt, inputs[i]!.length, `inputs[${i}]`);
    checkContext(engine.limits, prompt, inputs[i]!.length, longest, `inputs[${i}]`);
  });
  const concurrency = Math.min(MAX_CONCURRENT_SCORES, engine.limits.maxSequencesPerFlow);
  const logliks = await mapConcurrent(pairs, concurrency, signal, async ({ continuations }, i, either) => {
    const request = { ...turn, prompt, inputIds: inputs[i]!, continuations };
    const logprobs = await scoreWhenAdmitted(engine, request, i === 0, either);
    return logprobs.map((values) => values.reduce((sum, value) => sum + value, 0));
  });
  return {
    logliks,
    usage: {
      promptTokens: inputs.reduce((sum, ids) => sum + ids.length, 0),
      virtualTokens: pairs.length * (prompt?.length ?? 0),
      completionTokens: 0,
    },
  };
}

/** Only the first input can be refused for want of room: later ones wait, so that no work is thrown away. */
async function scoreWhenAdmitted(
  engine: Engine,
  request: ScoreRequest,
  first: boolean,
  signal: AbortSignal,
): Promise<readonly Float64Array[]> {
  for (;;) {
    try {
      return await engine.score(request, signal);
    } catch (error) {
      if (first || !(error instanceof DomainError) || error.kind !== 'contended') throw error;
      await setTimeout(RETRY_MS, undefined, { signal });
    }
  }
}

/** Of labels that are equally likely the first wins. */
function classification(labels: readonly string[], logliks: readonly number[]): Classification {
  const best = Math.max(...logliks);
  const weights = logliks.map((loglik) => Math.exp(loglik - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    label: labels[logliks.indexOf(best)]!,
    probabilities: Object.fromEntries(labels.map((label, i) => [label, weights[i]! / total])),
    logliks,
  };
}
