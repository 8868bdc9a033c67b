/**
 * One tokenised row. Under the objective `tokens` there is one continuation, the label; under `choices` there is one
 * for each label of the task, in the task's order.
 */
export interface Example {
  readonly inputIds: readonly number[];
  /** Token ids that may follow the input; none is empty. */
  readonly continuations: readonly (readonly number[])[];
  /** Index of the right continuation. */
  readonly target: number;
  /** Whose prompt it sees; absent: there is one task. */
  readonly task?: number;
}

/** Positions that an example takes in a batch: the last token of a continuation is predicted, never read. */
export function packedLength({ inputIds, continuations }: Example): number {
  return continuations.reduce((length, ids) => length + ids.length - 1, inputIds.length);
}

/** Tokens of an example's longest continuation, its last one included: they must fit behind the input. */
export const longestContinuation = ({ continuations }: Example): number =>
  Math.max(...continuations.map(({ length }) => length));
