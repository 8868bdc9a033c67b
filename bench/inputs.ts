import { integerBelow, type Random } from './random.ts';
import type { BenchPrompt, Row } from './system.ts';

/** Ordinary word pieces of the vocabulary: no special tokens, no rare tail. */
const FIRST_ID = 1000;
const LAST_ID = 30_000;

/** Ids that no earlier call gave, so that no system can answer from what it kept of an earlier input. */
export function freshIds(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => FIRST_ID + integerBelow(random, LAST_ID - FIRST_ID));
}

/** One row for each prompt, with inputs of their own. */
export function freshRows(random: Random, prompts: readonly (BenchPrompt | null)[], tokens: number): Row[] {
  return prompts.map((prompt) => ({ prompt, input: freshIds(random, tokens) }));
}
