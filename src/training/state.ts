import type { Slots } from './optimisers/optimiser.ts';
import type { Score } from './validation.ts';

/** The best prompt so far by the validation set. */
export interface Best {
  readonly step: number;
  readonly score: Score;
  readonly parameters: Float32Array;
}

/**
 * All that a run needs beside its settings and data to go on exactly where it stopped. The order of the rows follows
 * from the seed and the step, so no generator has a state of its own. Never changed in place.
 */
export interface TrainingState {
  /** Updates made. */
  readonly step: number;
  /** The prompt [virtual tokens, width of a row], or what makes the prompts of several tasks. */
  readonly parameters: Float32Array;
  readonly slots: Slots;
  readonly best: Best | null;
  /** The step of the last validation; -1 before the first. */
  readonly validatedAt: number;
  /** Validations since the best one. */
  readonly stale: number;
}

export const initialState = (parameters: Float32Array, slots: Slots): TrainingState => ({
  step: 0,
  parameters,
  slots,
  best: null,
  validatedAt: -1,
  stale: 0,
});
