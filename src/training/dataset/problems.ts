import { DomainError } from '../../domain/errors.ts';

/** What is wrong with one row. */
export interface Problem {
  /** Row of data, from 1: a CSV file's header and empty lines do not count. */
  readonly row: number;
  /** Line of the file, from 1; the last line of a row that has several. */
  readonly line: number;
  /** A stable identifier, e.g. `missing_label`. */
  readonly code: string;
  readonly message: string;
}

/** Problems after which a file is not read further: it is of another kind, and each costs time. */
const MOST_COUNTED = 1000;

/** Collects the problems of a file: they are counted, and the first are kept. */
export class Problems {
  private readonly kept: Problem[] = [];
  private readonly most: number;
  private count = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Throws as {@link throwIfAny} does when there are too many to go on. */
  add(problem: Problem): void {
    this.count++;
    if (this.kept.length < this.most) this.kept.push(problem);
    if (this.count === MOST_COUNTED) this.throwIfAny();
  }

  /** Throws `unprocessable` dataset_invalid, with the kept problems as `given`, if there is one. */
  throwIfAny(): void {
    const [first] = this.kept;
    if (first === undefined) return;
    const more = this.count === MOST_COUNTED ? ' or more' : '';
    const count = this.count === 1 ? 'one problem' : `${this.count} problems${more}`;
    throw new DomainError(
      'unprocessable',
      'dataset_invalid',
      `The data set has ${count}; the first, in line ${first.line}: ${first.message}`,
      { param: 'file', expected: 'rows of {"text","label"} or {"prompt","completion"}', given: this.kept },
    );
  }
}
