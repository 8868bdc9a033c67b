import { setTimeout } from 'node:timers/promises';
import type { Engine, Turn } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { ServiceTier, Usage } from '../domain/inference.ts';
import { applyTemplate } from '../domain/task.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { mapConcurrent } from './concurrent.ts';
import { encodeTexts } from './input.ts';
import { checkContext, checkNotEmpty } from './limits.ts';
import type { Target } from './target.ts';
import { turnOf } from './turn.ts';

/** Inputs in the engine at a time: enough to fill its batches, and room in its queue for others. */
const MAX_CONCURRENT_INPUTS = 64;

/** How long an input waits before it asks for a place again. */
const RETRY_MS = 50;

export interface EachInput {
  readonly texts: readonly string[];
  readonly tier: ServiceTier | undefined;
  /** Most tokens that are read behind the input at `index`. */
  outputTokens(index: number): number;
}

/**
 * Asks the engine about each text in the target's template. Every input is checked before the first is sent; only the
 * first can be refused for want of room: later ones wait, so that no work is thrown away.
 */
export async function askEach<T>(
  engine: Engine,
  tokenizer: Tokenizer,
  target: Target,
  { texts, tier, outputTokens }: EachInput,
  signal: AbortSignal,
  ask: (inputIds: readonly number[], turn: Turn, index: number, signal: AbortSignal) => Promise<T>,
): Promise<{ readonly answers: readonly T[]; readonly usage: Usage }> {
  const { prompt, template } = target;
  const turn = turnOf(target, texts.length, tier);
  const filled = texts.map((text) => applyTemplate(template, text));
  const options = { addSpecialTokens: true, param: 'inputs' };
  const inputs = await encodeTexts(tokenizer, engine.limits, filled, options);
  inputs.forEach((ids, i) => {
    checkNotEmpty(prompt, ids.length, `inputs[${i}]`);
    checkContext(engine.limits, prompt, ids.length, outputTokens(i), `inputs[${i}]`);
  });
  const concurrency = Math.min(MAX_CONCURRENT_INPUTS, engine.limits.maxSequencesPerFlow);
  const answers = await mapConcurrent(inputs, concurrency, signal, (ids, i, either) =>
    whenAdmitted(() => ask(ids, turn, i, either), i === 0, either),
  );
  return {
    answers,
    usage: {
      promptTokens: inputs.reduce((sum, ids) => sum + ids.length, 0),
      virtualTokens: inputs.length * (prompt?.length ?? 0),
      completionTokens: 0,
    },
  };
}

async function whenAdmitted<T>(ask: () => Promise<T>, first: boolean, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (first || !(error instanceof DomainError) || error.kind !== 'contended') throw error;
      await setTimeout(RETRY_MS, undefined, { signal });
    }
  }
}
