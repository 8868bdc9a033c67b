import type { Engine } from '../domain/engine.ts';
import { type ClassificationHead, headLogits, headRows } from '../domain/head.ts';
import type { Classification, ClassifyRequest } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { classification } from './classification.ts';
import { askEach } from './each-input.ts';
import type { Ranked } from './rank.ts';
import type { Target } from './target.ts';

/**
 * Classes of each input by the head of the target's version: softmax over the logits of the labels that are asked for,
 * else of all. Throws as {@link headRows} does.
 */
export async function classifyByHead(
  engine: Engine,
  tokenizer: Tokenizer,
  target: Target,
  head: ClassificationHead,
  { inputs, labels: asked, tier }: Pick<ClassifyRequest, 'inputs' | 'labels' | 'tier'>,
  signal: AbortSignal,
): Promise<Ranked<Classification>> {
  const { labels, rows } = headRows(head.numLabels, target.labels, asked);
  const { prompt } = target;
  const request = { texts: inputs, tier, outputTokens: () => 0 };
  const { answers, usage } = await askEach(
    engine,
    tokenizer,
    target,
    request,
    signal,
    (inputIds, turn, _, either) => engine.hiddenState({ ...turn, prompt, inputIds }, either),
  );
  const results = answers.map((hidden) => {
    const logits = headLogits(head, hidden);
    return classification(labels, logSoftmax(rows.map((row) => logits[row]!)));
  });
  return { results, usage };
}

function logSoftmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const logSum = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  return logits.map((logit) => logit - logSum);
}
