import type { Priority } from '../../domain/engine.ts';
import { waitedTooLong } from '../refusals.ts';
import { FairQueue, type Queued, type Row, TOKENS_PER_STEP } from '../scheduling/fair-queue.ts';

/** What wants a slot. */
export interface Applicant {
  readonly priority: Priority;
  readonly flow: string;
  /** Positions that are read, and the most that are generated behind them. */
  readonly inputLength: number;
  readonly outputLength: number;
}

/** A request that may be at vLLM now. */
export interface Slot {
  /** So many tokens were generated. */
  generated(tokens: number): void;
  release(): void;
}

/** A row of {@link FairQueue} that grows. */
class Entry implements Queued {
  readonly priority: Priority;
  readonly flow: string;
  readonly finalLength: number;
  readonly remaining: number;
  rowLength: number;
  readonly start: () => void;

  constructor({ priority, flow, inputLength, outputLength }: Applicant, start: () => void) {
    this.priority = priority;
    this.flow = flow;
    this.remaining = Math.max(1, inputLength);
    this.rowLength = inputLength;
    this.finalLength = inputLength + outputLength;
    this.start = start;
  }
}

/**
 * So many requests are at vLLM at the same time; the others wait here, where tasks take turns: vLLM's own queue knows no
 * tasks.
 */
export class Slots {
  private readonly count: number;
  private readonly queueTimeoutMs: number;
  private readonly queue = new FairQueue<Entry>();
  private readonly entries = new Set<Entry>();

  constructor(count: number, queueTimeoutMs: number) {
    this.count = count;
    this.queueTimeoutMs = queueTimeoutMs;
  }

  get running(): number {
    return this.entries.size;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /** Waits its turn. Rejects with the signal's reason, or `unavailable` queue_timeout. */
  take(applicant: Applicant, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const entry = new Entry(applicant, () => {
        leave();
        resolve(this.slotOf(entry));
      });
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
      const refuse = (reason: unknown): void => {
        leave();
        this.queue.remove(entry);
        reject(reason);
      };
      const abort = (): void => refuse(signal.reason);
      const timer = setTimeout(() => refuse(waitedTooLong()), this.queueTimeoutMs);
      signal.addEventListener('abort', abort, { once: true });
      this.queue.add(entry);
      this.startNext();
    });
  }

  private slotOf(entry: Entry): Slot {
    return {
      generated: (tokens) => {
        entry.rowLength += tokens;
        this.charge(entry, tokens * TOKENS_PER_STEP);
      },
      release: () => {
        if (this.entries.delete(entry)) this.startNext();
      },
    };
  }

  private startNext(): void {
    while (this.entries.size < this.count) {
      const [next] = this.queue.inOrder(this.rows());
      if (next === undefined) return;
      this.queue.remove(next);
      this.entries.add(next);
      this.charge(next, next.remaining);
      next.start();
    }
  }

  private charge(to: Entry, tokens: number): void {
    this.queue.charge([{ to, tokens }], this.rows());
  }

  private rows(): readonly Row[] {
    return [...this.entries];
  }
}
