import { createHash } from 'node:crypto';
import { DomainError } from '../domain/errors.ts';
import type { DataRow } from '../training/dataset/rows.ts';

/** What stands between two examples, and between the last one and the input. */
const SEPARATOR = '\n\n';

export interface DrawOptions {
  readonly shots: number;
  readonly seed: number;
  /** Classes of which `shots` examples are drawn each; empty: `shots` in all. */
  readonly labels: readonly string[];
  /** Inputs that are evaluated: an example among them would give its answer away. */
  readonly evaluated: ReadonlySet<string>;
}

/**
 * Draws the examples of a k-shot prompt: the same seed and rows give the same examples in the same order. The
 * hashes of seed and position shuffle them.
 * Throws `unprocessable` too_few_examples.
 */
export function drawExamples(rows: readonly DataRow[], options: DrawOptions): readonly DataRow[] {
  const { shots, seed, labels, evaluated } = options;
  const classes = labels.length === 0 ? [null] : labels;
  const left = new Map<string | null, number>(classes.map((label) => [label, shots]));
  const drawn = rows
    .map((row, i) => ({ row, rank: createHash('sha256').update(`${seed}:${i}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ row }) => row)
    .filter(({ input, target }) => {
      const label = labels.length === 0 ? null : target;
      const wanted = left.get(label) ?? 0;
      if (wanted === 0 || evaluated.has(input)) return false;
      left.set(label, wanted - 1);
      return true;
    });
  for (const [label, missing] of left) {
    if (missing > 0) throw tooFewExamples(label, shots, shots - missing);
  }
  return drawn;
}

/** @param label null: of any */
export function tooFewExamples(label: string | null, expected: number, given: number): DomainError {
  const of = label === null ? '' : ` of the label ${JSON.stringify(label)}`;
  const message = `There are too few examples${of}; those that are evaluated themselves do not count.`;
  return new DomainError('unprocessable', 'too_few_examples', message, {
    param: 'examples',
    expected,
    given,
  });
}

/**
 * The text in front of every input: each example as the model is asked to continue it, input in its template and
 * right behind it the label or completion, with an empty line after each.
 */
export function exampleText(examples: readonly DataRow[], modelInput: (text: string) => string): string {
  return examples.map(({ input, target }) => `${modelInput(input)}${target}${SEPARATOR}`).join('');
}
