import type { GenerationScores } from '../domain/evaluation.ts';
import type { Generation, Inference, ScoredText } from '../domain/inference.ts';
import type { Principal } from '../domain/principal.ts';
import type { SamplingOverrides } from '../domain/sampling.ts';
import type { DataRow } from '../training/dataset/rows.ts';
import type { Contender } from './contenders.ts';
import { exactMatch } from './metrics/exact-match.ts';
import { mean } from './metrics/mean.ts';
import { tokenF1 } from './metrics/token-f1.ts';
import type { Ask } from './run-rows.ts';
import { sumUsage } from './usage.ts';

/** What the model wrote to one row, and what it thinks of the right completion. */
export interface GeneratedRow {
  readonly exactMatch: boolean;
  readonly tokenF1: number;
  readonly reference: ScoredText;
}

interface GenerationParameters {
  readonly defaults: SamplingOverrides;
  readonly maxTokens: number | null;
  readonly caller: Principal;
}

/**
 * Writes a completion to each row, greedily and with the task's other defaults, and scores the right one; both as
 * batch work.
 */
export function askForCompletions(
  inference: Pick<Inference, 'complete' | 'score'>,
  { target, versions: named, modelText }: Contender,
  { defaults, maxTokens, caller }: GenerationParameters,
  signal: AbortSignal,
): Ask<GeneratedRow> {
  const tier = 'flex';
  const versions = named.length === 0 ? null : named;
  const fields = {
    ...defaults,
    ...(maxTokens !== null && { max_tokens: maxTokens }),
    model: versions === null ? target : `${target}@${versions.join('+')}`,
    temperature: 0,
    seed: 0,
    service_tier: tier,
    echo: false,
    logprobs: null,
    caller,
  } as const;
  return async (rows: readonly DataRow[]) => {
    const texts = rows.map(({ input }) => modelText(input));
    // First the scores: they refuse what can be refused before anything is written.
    const inputs = texts.map((text, i) => ({ text, target: rows[i]!.target }));
    const scored = await inference.score({ task: target, versions, inputs, tier, caller }, signal);
    const generation = await inference.complete({ ...fields, prompts: texts }, signal);
    const outputs = await collectTexts(generation);
    signal.throwIfAborted();
    const values = rows.map((row, i) => ({
      exactMatch: exactMatch(outputs[i]!, row.target),
      tokenF1: tokenF1(outputs[i]!, row.target),
      reference: scored.results[i]!,
    }));
    return { values, usage: sumUsage([scored.usage, generation.usage()]) };
  };
}

async function collectTexts({ choices, events }: Generation): Promise<readonly string[]> {
  const texts = new Array<string>(choices).fill('');
  for await (const together of events) {
    for (const event of together) if (event.type === 'delta') texts[event.choice]! += event.text;
  }
  return texts;
}

export function scoreGeneration(rows: readonly GeneratedRow[]): {
  readonly loss: number;
  readonly scores: GenerationScores;
} {
  const losses = rows.map(({ reference }) => -reference.loglik);
  const tokens = rows.reduce((sum, { reference }) => sum + reference.tokens, 0);
  const loss = mean(losses);
  return {
    loss,
    scores: {
      exactMatch: mean(rows.map((row) => (row.exactMatch ? 1 : 0))),
      tokenF1: mean(rows.map((row) => row.tokenF1)),
      lossPerToken: (loss * rows.length) / tokens,
    },
  };
}
