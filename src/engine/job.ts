import type { Priority } from '../domain/engine.ts';
import type { DomainError } from '../domain/errors.ts';
import type { Work } from './reading/work.ts';
import type { WaitingItem } from './scheduling/scheduler.ts';

export interface JobOptions {
  /** The request; null for a prompt's prefix, which any number of requests may wait for. */
  readonly id: number | null;
  readonly priority: Priority;
  readonly flow: string;
  readonly needsRow: boolean;
  /** Positions that its row holds when it joins the decode batch; 0 without a row. */
  readonly rowLength: number;
  readonly finalLength: number;
  /** Expected positions to read, while the prefix is missing. */
  readonly expected: number;
  /** Key of the prefix that is pinned for it. */
  readonly prefixKey: string | null;
  /** By `performance.now()`: when it has waited too long. */
  readonly deadline: number;
  /** Called once all has been read. */
  finish(): void;
  fail(error: DomainError): void;
}

/** Something that has not been read through the model yet. */
export class Job implements WaitingItem {
  readonly options: JobOptions;
  /** Null while the prefix is missing. */
  work: Work | null = null;

  constructor(options: JobOptions) {
    this.options = options;
  }

  get priority(): Priority {
    return this.options.priority;
  }

  get flow(): string {
    return this.options.flow;
  }

  get needsRow(): boolean {
    return this.options.needsRow;
  }

  get rowLength(): number {
    return this.options.rowLength;
  }

  get finalLength(): number {
    return this.options.finalLength;
  }

  get deadline(): number {
    return this.options.deadline;
  }

  get ready(): boolean {
    return this.work !== null;
  }

  get remaining(): number {
    return this.work?.remaining ?? this.options.expected;
  }
}
