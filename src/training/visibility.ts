import { MASKED } from '../families/decoder.ts';
import type { Example } from './example.ts';

/** What decides who sees whom. */
export interface Visibility {
  readonly promptLength: number;
  /** Positions that a token can look back, itself included; null: all. */
  readonly slidingWindow: number | null;
}

/** One position of a row. */
export interface Slot {
  readonly id: number;
  /** Index of the text token or of the token after the text, counted without the prompt. */
  readonly depth: number;
  /** The continuation that the token belongs to; -1: the text, which all see. */
  readonly branch: number;
}

/**
 * The positions of a row: the text, then each continuation without its last token, then padding up to `sequence`.
 * The tokens of a continuation count their positions from the end of the text.
 */
export function slotsOf({ inputIds, continuations }: Example, sequence: number): Slot[] {
  const slots: Slot[] = inputIds.map((id, depth) => ({ id, depth, branch: -1 }));
  for (const [branch, ids] of continuations.entries()) {
    for (const [index, id] of ids.slice(0, -1).entries()) {
      slots.push({ id, depth: inputIds.length + index, branch });
    }
  }
  // Padding stands last, where nothing that counts can see it.
  while (slots.length < sequence) slots.push({ id: 0, depth: slots.length, branch: continuations.length });
  return slots;
}

/** Whether a token that stands `distance` positions before another is within its window. */
const within = (distance: number, window: number | null): boolean => window === null || distance < window;

/** Opens what each position of a row may see; `bias` is [sequence, prompt + sequence]. */
export function allowSeen(
  bias: Float32Array,
  slots: readonly Slot[],
  { promptLength, slidingWindow }: Visibility,
): void {
  const width = promptLength + slots.length;
  for (const [query, { depth, branch }] of slots.entries()) {
    const row = bias.subarray(query * width, (query + 1) * width);
    for (let i = 0; i < promptLength; i++) {
      if (within(promptLength + depth - i, slidingWindow)) row[i] = 0;
    }
    for (let key = 0; key <= query; key++) {
      const other = slots[key]!;
      const related = other.branch === -1 || other.branch === branch;
      if (related && within(depth - other.depth, slidingWindow)) row[promptLength + key] = 0;
    }
  }
}

/** Causal attention of the prompt to itself, [prompt, prompt]. */
export function promptBias({ promptLength, slidingWindow }: Visibility): Float32Array {
  const bias = new Float32Array(promptLength * promptLength).fill(MASKED);
  for (let query = 0; query < promptLength; query++) {
    for (let key = 0; key <= query; key++) {
      if (within(query - key, slidingWindow)) bias[query * promptLength + key] = 0;
    }
  }
  return bias;
}
