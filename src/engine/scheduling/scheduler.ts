/** What the scheduler needs to know about something that waits to be read through the model. */
export interface WaitingItem {
  /** False while its prompt's prefix is being computed. */
  readonly ready: boolean;
  /** Positions that have not run yet. */
  readonly remaining: number;
  /** True when finishing it takes a row of the decode batch. */
  readonly needsRow: boolean;
  /** Largest number of positions that its row can come to hold. */
  readonly finalLength: number;
}

export interface RunningItem {
  readonly finalLength: number;
}

export interface SchedulerLimits {
  /** Rows of the decode batch. */
  readonly maxBatchSize: number;
  /** Positions, padding included, of one reading run while nothing decodes. */
  readonly readBudget: number;
  /** The same while rows decode: it bounds how long one reading run can hold them up. */
  readonly interleavedReadBudget: number;
  /** Whether a decode batch of `rows` rows of up to `length` positions fits into the cache's memory. */
  fits(rows: number, length: number): boolean;
}

export type Plan<W> =
  | { readonly kind: 'decode' }
  | { readonly kind: 'read'; readonly items: readonly W[]; readonly budget: number };

/** Padding may take at most this share of a reading run. */
const MAX_PADDING = 0.25;

/**
 * Decides what the next forward pass is for. Plain state, no model: reading runs (prefill, scoring, prefixes)
 * and decode steps take turns, readers in order of arrival, those of similar length together.
 */
export class Scheduler<W extends WaitingItem, R extends RunningItem> {
  readonly waiting: W[] = [];
  readonly running: R[] = [];
  private readonly limits: SchedulerLimits;
  private lastWasRead = false;

  constructor(limits: SchedulerLimits) {
    this.limits = limits;
  }

  /** The next run, or null when nothing can run now. */
  plan(): Plan<W> | null {
    const decodeDue = this.running.length > 0 && this.lastWasRead;
    const read = decodeDue ? null : this.planRead();
    this.lastWasRead = read !== null;
    if (read !== null) return read;
    return this.running.length > 0 ? { kind: 'decode' } : null;
  }

  private planRead(): Plan<W> | null {
    const eligible = this.eligible();
    const head = eligible[0];
    if (head === undefined) return null;
    const budget = this.running.length > 0 ? this.limits.interleavedReadBudget : this.limits.readBudget;
    if (head.remaining >= budget) return { kind: 'read', items: [head], budget };
    const items = [head];
    let longest = head.remaining;
    let useful = head.remaining;
    // The oldest goes first; those nearest to it in length keep it company.
    const others = eligible.slice(1).sort((a, b) => distance(a, head) - distance(b, head));
    for (const item of others) {
      if (items.length === this.limits.maxBatchSize) break;
      const width = Math.max(longest, item.remaining);
      const padded = width * (items.length + 1);
      if (padded > budget || useful + item.remaining < padded * (1 - MAX_PADDING)) continue;
      items.push(item);
      longest = width;
      useful += item.remaining;
    }
    return { kind: 'read', items, budget };
  }

  /** Ready items in order of arrival; those that need a row only as far as rows and memory go. */
  private eligible(): W[] {
    const result: W[] = [];
    let rows = this.running.length;
    let longest = this.running.reduce((max, item) => Math.max(max, item.finalLength), 0);
    let rowsBlocked = false;
    for (const item of this.waiting) {
      if (item.needsRow) {
        // Once one does not fit, later ones must not overtake it for ever.
        if (rowsBlocked) continue;
        const length = Math.max(longest, item.finalLength);
        if (rows + 1 > this.limits.maxBatchSize || !this.limits.fits(rows + 1, length)) {
          rowsBlocked = true;
          continue;
        }
        rows++;
        longest = length;
      }
      if (item.ready) result.push(item);
    }
    return result;
  }
}

function distance(a: WaitingItem, b: WaitingItem): number {
  return Math.abs(a.remaining - b.remaining);
}
