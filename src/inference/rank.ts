import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type {
  Classification,
  ClassifyRequest,
  ScoredText,
  ScoreTextsRequest,
  Usage,
} from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { classification } from './classification.ts';
import { askEach, type Question } from './each-input.ts';
import { logMeanExp, voteEach } from './ensemble.ts';
import { encodeTexts } from './input.ts';
import { checkRows, encodeLabels } from './labels.ts';
import type { Served } from './target.ts';
import { ThreadTurn } from './thread-turn.ts';

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
  if (labels !== null) checkRows(request.inputs.length, labels.length);
  const continuations = await encodeLabels(tokenizer, engine.limits, labels);
  const longest = continuations.reduce((most, { length }) => Math.max(most, length), 0);
  const each = { texts: request.inputs, tier: request.tier, outputTokens: () => longest };
  const ask = async ({ prompt, inputIds, turn }: Question, either: AbortSignal): Promise<Classification> => {
    const scores = await engine.score({ ...turn, prompt, inputIds, continuations }, either);
    return classification(labels!, scores.map(sumOf));
  };
  const { answers, usage } = await askEach(engine, tokenizer, served, each, signal, ask);
  return { results: await voteEach(labels!, answers), usage };
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
  const each = {
    texts: inputs.map(({ text }) => text),
    tier,
    outputTokens: (i: number) => targets[i]!.length,
  };
  const ask = async (
    { prompt, inputIds, turn, index }: Question,
    either: AbortSignal,
  ): Promise<Float64Array> => {
    const [scores] = await engine.score(
      { ...turn, prompt, inputIds, continuations: [targets[index]!] },
      either,
    );
    return scores!;
  };
  const { answers, usage } = await askEach(engine, tokenizer, served, each, signal, ask);
  const thread = new ThreadTurn();
  const results: ScoredText[] = [];
  for (const [input, { length: tokens }] of targets.entries()) {
    await thread.take();
    const ofToken = (token: number): number[] => answers.map((scores) => scores[input]![token]!);
    const logprobs = Array.from({ length: tokens }, (_, token) => logMeanExp(ofToken(token)));
    results.push({ loglik: sumOf(logprobs), tokens });
  }
  return { results, usage };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
