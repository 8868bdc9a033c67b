import { setImmediate as turn } from 'node:timers/promises';
import type { FinishReason } from '../../domain/engine.ts';
import type { Generation, TokenLogprobText } from '../../domain/inference.ts';

/** One finished choice. */
export interface CollectedChoice {
  readonly index: number;
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly logprobs: readonly TokenLogprobText[];
  readonly reason: FinishReason;
}

interface OpenChoice {
  text: string;
  readonly tokenIds: number[];
  readonly logprobs: TokenLogprobText[];
  reason: FinishReason | null;
}

/** Runs a generation to its end. Throws when a choice ends without a reason, as it does after an abort. */
export async function collect(generation: Generation): Promise<CollectedChoice[]> {
  const choices = Array.from(
    { length: generation.choices },
    (): OpenChoice => ({ text: '', tokenIds: [], logprobs: [], reason: null }),
  );
  for await (const event of generation.events) {
    const choice = choices[event.choice];
    if (choice === undefined) throw new Error(`An event for choice ${event.choice} of ${choices.length}.`);
    if (event.type === 'finish') {
      choice.reason = event.reason;
    } else {
      choice.text += event.text;
      choice.tokenIds.push(...event.tokenIds);
      choice.logprobs.push(...event.logprobs);
    }
  }
  return choices.map(({ reason, ...choice }, index) => {
    if (reason === null) throw new Error(`Choice ${index} ended without a reason.`);
    return { index, ...choice, reason };
  });
}

/** Writes the choices for the wire. Other requests get a turn after each: with log-probabilities one can be megabytes. */
export async function writeChoices<T>(
  choices: readonly CollectedChoice[],
  write: (choice: CollectedChoice) => T,
): Promise<T[]> {
  const written: T[] = [];
  for (const choice of choices) {
    written.push(write(choice));
    await turn();
  }
  return written;
}
