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
}

/** Positions that an example takes in a batch: the last token of a continuation is predicted, never read. */
export function packedLength({ inputIds, continuations }: Example): number {
  return continuations.reduce((length, ids) => length + ids.length - 1, inputIds.length);
}

/** Positions of the longest sequence of an example, its last token included: what must fit into the context. */
export function longestSequence({ inputIds, continuations }: Example): number {
  return inputIds.length + Math.max(...continuations.map(({ length }) => length));
}
