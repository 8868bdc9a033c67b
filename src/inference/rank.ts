import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type {
  Classification,
  ClassifyRequest,
  ScoredText,
  ScoreTextsRequest,
  ServiceTier,
  Usage,
} from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { classification } from './classification.ts';
import { askEach } from './each-input.ts';
import { encodeTexts } from './input.ts';
import { encodeLabels } from './labels.ts';
import type { Target } from './target.ts';

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

/** Log-likelihoods [input][continuation]. */
async function scorePairs(
  engine: Engine,
  tokenizer: Tokenizer,
  target: Target,
  pairs: readonly Pair[],
  tier: ServiceTier | undefined,
  signal: AbortSignal,
): Promise<{ readonly logliks: readonly number[][]; readonly usage: Usage }> {
  const { prompt } = target;
  const request = {
    texts: pairs.map(({ text }) => text),
    tier,
    outputTokens: (i: number) => Math.max(...pairs[i]!.continuations.map((ids) => ids.length)),
  };
  const { answers, usage } = await askEach(
    engine,
    tokenizer,
    target,
    request,
    signal,
    (inputIds, turn, i, either) =>
      engine.score({ ...turn, prompt, inputIds, continuations: pairs[i]!.continuations }, either),
  );
  const logliks = answers.map((scores) =>
    scores.map((values) => values.reduce((sum, value) => sum + value, 0)),
  );
  return { logliks, usage };
}
