import type { Priority, PromptHandle } from '../domain/engine.ts';
import type { DomainError } from '../domain/errors.ts';
import type { EncodeWork } from './encoding/encode-work.ts';
import type { PrefixEntry } from './kv/prefix-cache.ts';
import type { Work } from './reading/work.ts';
import type { WaitingItem } from './scheduling/scheduler.ts';

export interface JobOptions {
  /** The request; null for a prompt's prefix, which any number of requests may wait for. */
  readonly id: number | null;
  readonly priority: Priority;
  readonly flow: string;
  /** Whose prefix it is read behind. */
  readonly prompt: PromptHandle | null;
  /** The half of the model that it runs through; a decoder-only model has one. */
  readonly pass: WaitingItem['pass'];
  /** Positions that stand before the first that it reads. */
  readonly behind: number;
  readonly needsRow: boolean;
  /** See WaitingItem. */
  readonly together?: WaitingItem['together'];
  /** Positions that its row holds when it joins the decode batch; 0 without a row. */
  readonly rowLength: number;
  readonly finalLength: number;
  /** See Row. */
  readonly outputLeft?: number | undefined;
  /** See WaitingItem. */
  readonly isEncoded?: boolean;
  /** Most positions that it has to read. */
  readonly expected: number;
  /** By `performance.now()`: when it has waited too long. */
  readonly deadline: number;
  /** Called right before its first run. */
  open(prefix: PrefixEntry | null): Work | EncodeWork;
  /** Called once all has been read. */
  finish(): void;
  fail(error: DomainError): void;
}

/** Something that has not been read through the model yet. */
export class Job implements WaitingItem {
  readonly options: JobOptions;
  state: WaitingItem['state'] = 'queued';
  private prefix: PrefixEntry | null = null;
  private opened: Work | EncodeWork | null = null;

  constructor(options: JobOptions) {
    this.options = options;
  }

  /** @param prefix pinned until the job leaves; null without a prompt */
  prepare(prefix: PrefixEntry | null): void {
    this.prefix = prefix;
    this.state = 'ready';
  }

  /** Gives its prefix back before its first run; it is prepared again later. */
  unprepare(): void {
    this.prefix = null;
    this.state = 'queued';
  }

  /** It has had a run, or is in one. */
  get isOpen(): boolean {
    return this.opened !== null;
  }

  /** What it reads. Made at its first run, when most of what it could share has been cached. */
  get work(): Work | EncodeWork {
    this.opened ??= this.options.open(this.prefix);
    return this.opened;
  }

  get priority(): Priority {
    return this.options.priority;
  }

  get flow(): string {
    return this.options.flow;
  }

  get pass(): WaitingItem['pass'] {
    return this.options.pass;
  }

  get needsRow(): boolean {
    return this.options.needsRow;
  }

  get together(): WaitingItem['together'] {
    return this.options.together;
  }

  get rowLength(): number {
    return this.options.rowLength;
  }

  get finalLength(): number {
    return this.options.finalLength;
  }

  get outputLeft(): number | undefined {
    return this.options.outputLeft;
  }

  get isEncoded(): boolean | undefined {
    return this.options.isEncoded;
  }

  get deadline(): number {
    return this.options.deadline;
  }

  get remaining(): number {
    return this.opened?.remaining ?? this.options.expected;
  }

  get pastLength(): number {
    const { behind, expected } = this.options;
    return behind + expected - this.remaining;
  }
}
