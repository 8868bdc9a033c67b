import { setTimeout } from 'node:timers/promises';
import type { Engine, PromptHandle, Turn } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { ServiceTier, Usage } from '../domain/inference.ts';
import { applyTemplate } from '../domain/task.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { mapConcurrent } from './concurrent.ts';
import { encodeTexts } from './input.ts';
import { checkContext, checkNotEmpty } from './limits.ts';
import type { Served } from './target.ts';
import { ThreadTurn } from './thread-turn.ts';
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

/** One question: an input behind the prompt of one member. */
export interface Question {
  readonly prompt: PromptHandle | null;
  readonly inputIds: readonly number[];
  readonly turn: Turn;
  /** Of the text. */
  readonly index: number;
  /** Of the member. */
  readonly member: number;
}

/**
 * Asks the engine about each text in the task's template, behind the prompt of each member. Every input is checked before
 * the first is sent; only the first can be refused for want of room: later ones wait, so that no work is thrown away.
 * Answers [member][text].
 */
export async function askEach<T>(
  engine: Engine,
  tokenizer: Tokenizer,
  { members }: Pick<Served, 'members'>,
  { texts, tier, outputTokens }: EachInput,
  signal: AbortSignal,
  ask: (question: Question, signal: AbortSignal) => Promise<T>,
): Promise<{ readonly answers: readonly (readonly T[])[]; readonly usage: Usage }> {
  const { template } = members[0];
  const turn = turnOf(members[0], texts.length * members.length, tier);
  const filled = texts.map((text) => applyTemplate(template, text));
  const options = { addSpecialTokens: true, param: 'inputs' };
  const inputs = await encodeTexts(tokenizer, engine.limits, filled, options);
  inputs.forEach((ids, i) => {
    for (const { prompt } of members) {
      checkNotEmpty(prompt, ids.length, `inputs[${i}]`);
      checkContext(engine.limits, prompt, ids.length, outputTokens(i), `inputs[${i}]`);
    }
  });
  // The members of one input are neighbours, so that they are read together.
  const questions = inputs.flatMap((inputIds, index) =>
    members.map(({ prompt }, member): Question => ({ prompt, inputIds, turn, index, member })),
  );
  const concurrency = Math.min(MAX_CONCURRENT_INPUTS, engine.limits.maxSequencesPerFlow);
  const thread = new ThreadTurn();
  const answers = await mapConcurrent(questions, concurrency, signal, async (question, i, either) => {
    await thread.take();
    return whenAdmitted(() => ask(question, either), i === 0, either);
  });
  return {
    answers: members.map((_, member) => answers.filter((_, i) => i % members.length === member)),
    usage: {
      promptTokens: inputs.reduce((sum, ids) => sum + ids.length, 0),
      virtualTokens: inputs.length * members.reduce((sum, { prompt }) => sum + (prompt?.length ?? 0), 0),
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
