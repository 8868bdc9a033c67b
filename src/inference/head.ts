import type { Engine } from '../domain/engine.ts';
import { type ClassificationHead, headLogits, headRows } from '../domain/head.ts';
import type { Classification, ClassifyRequest } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { classification } from './classification.ts';
import { askEach } from './each-input.ts';
import { voteEach } from './ensemble.ts';
import { checkRows } from './labels.ts';
import type { Ranked } from './rank.ts';
import type { Served } from './target.ts';
import { ThreadTurn } from './thread-turn.ts';

/**
 * Classes of each input by the heads of the members' versions: softmax over the logits of the labels that are asked for,
 * else of all. Throws as {@link headRows} and {@link checkRows} do.
 */
export async function classifyByHead(
  engine: Engine,
  tokenizer: Tokenizer,
  { members }: Pick<Served, 'members'>,
  heads: readonly ClassificationHead[],
  { inputs, labels: asked, tier }: Pick<ClassifyRequest, 'inputs' | 'labels' | 'tier'>,
  signal: AbortSignal,
): Promise<Ranked<Classification>> {
  const { labels, rows } = headRows(heads[0]!.numLabels, members[0].labels, asked);
  checkRows(inputs.length, labels.length);
  const thread = new ThreadTurn();
  const request = { texts: inputs, tier, outputTokens: () => 0 };
  const { answers, usage } = await askEach(
    engine,
    tokenizer,
    { members },
    request,
    signal,
    async ({ prompt, inputIds, turn, member }, either) => {
      const hidden = await engine.hiddenState({ ...turn, prompt, inputIds }, either);
      await thread.take();
      const logits = headLogits(heads[member]!, hidden);
      return classification(labels, logSoftmax(rows.map((row) => logits[row]!)));
    },
  );
  return { results: await voteEach(labels, answers), usage };
}

function logSoftmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const logSum = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  return logits.map((logit) => logit - logSum);
}
