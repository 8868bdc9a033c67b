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
import { logMeanExp, voteEach } from './ensemble.ts';
import { encodeTexts } from './input.ts';
import { encodeLabels } from './labels.ts';
import type { Served } from './target.ts';

export interface Ranked<T> {
  readonly results: readonly T[];
  readonly usage: Usage;
}

/** Ranks labels as continuations of each input: one forward pass an input and member, softmax over log-likelihoods. */
export async function classifyInputs(
  engine: Engine,
  tokenizer: Tokenizer,
  served: Pick<Served, 'members'>,
  request: Pick<ClassifyRequest, 'inputs' | 'labels' | 'tier'>,
  signal: AbortSignal,
): Promise<Ranked<Classification>> {
  const labels = request.labels ?? served.members[0].labels;
  const continuations = await encodeLabels(tokenizer, engine.limits, labels);
  const pairs = request.inputs.map((text) => ({ text, continuations }));
  const { scores, usage } = await scorePairs(engine, tokenizer, served, pairs, request.tier, signal);
  const members = scores.map((inputs) =>
    inputs.map((continuation) => classification(labels!, continuation.map(sumOf))),
  );
  return { results: voteEach(labels!, members), usage };
}

/**
 * log p(target | prompt, text) for each pair; the target's tokens follow the text's without any between. Of an ensemble
 * the probability of each token is the mean of the members', as it is when they generate.
 */
export async function scoreTargets(
  engine: Engine,
  tokenizer: Tokenizer,
  served: Pick<Served, 'members'>,
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
  const { scores, usage } = await scorePairs(engine, tokenizer, served, pairs, tier, signal);
  const results = targets.map(({ length: tokens }, input) => {
    const ofToken = (token: number): number[] => scores.map((inputs) => inputs[input]![0]![token]!);
    const logprobs = Array.from({ length: tokens }, (_, token) => logMeanExp(ofToken(token)));
    return { loglik: sumOf(logprobs), tokens };
  });
  return { results, usage };
}

interface Pair {
  readonly text: string;
  readonly continuations: readonly (readonly number[])[];
}

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

/** Log-probabilities [member][input][continuation][token], in nats. */
async function scorePairs(
  engine: Engine,
  tokenizer: Tokenizer,
  served: Pick<Served, 'members'>,
  pairs: readonly Pair[],
  tier: ServiceTier | undefined,
  signal: AbortSignal,
): Promise<{
  readonly scores: readonly (readonly (readonly Float64Array[])[])[];
  readonly usage: Usage;
}> {
  const request = {
    texts: pairs.map(({ text }) => text),
    tier,
    outputTokens: (i: number) => Math.max(...pairs[i]!.continuations.map((ids) => ids.length)),
  };
  const { answers, usage } = await askEach(
    engine,
    tokenizer,
    served,
    request,
    signal,
    ({ prompt, inputIds, turn, index }, either) =>
      engine.score({ ...turn, prompt, inputIds, continuations: pairs[index]!.continuations }, either),
  );
  return { scores: answers, usage };
}
