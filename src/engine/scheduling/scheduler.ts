import { FairQueue, outputLeft, type Queued, TOKENS_PER_STEP } from './fair-queue.ts';
import { type RunningItem, rowToYield } from './fair-rows.ts';
import { Pace } from './pace.ts';

/** Something that waits to be read through the model: an input, a text to score, a prompt's prefix. */
export interface WaitingItem extends Queued {
  /**
   * `queued`: nothing is held for it; `preparing`: its prompt's prefix is being computed, and it keeps its turn
   * and its row; `ready`: it can run.
   */
  readonly state: 'queued' | 'preparing' | 'ready';
  /** When it gives up waiting for its first run, on the clock that `expired` is asked with. */
  readonly deadline: number;
  /** Positions that stand before those that it reads. */
  readonly pastLength: number;
  /** The half of an encoder-decoder model that it runs through; a run is of one. */
  readonly pass: 'encoder' | 'decoder';
  /** What the encoder made of it is held, outside of the cache: it goes before what has not been encoded. */
  readonly isEncoded?: boolean | undefined;
  /** True when finishing it takes a row of the decode batch. */
  readonly needsRow: boolean;
  /** With which it gets its row at the same time; null: alone. */
  readonly together?: StartTogether | null | undefined;
}

/** Items that get their rows together, once all of them have been read. */
export interface StartTogether {
  /** Rows that they take. */
  readonly size: number;
  /** Of the longest of their rows, see Row. */
  readonly rowLength: number;
  readonly finalLength: number;
  /** One of them has been read or is being read: the rows of all are kept for them. */
  readonly hasBegun: boolean;
}

export interface SchedulerLimits {
  /** Rows of the decode batch. */
  readonly maxBatchSize: number;
  /** Decode steps that one run makes at most: a row grows by as many positions. */
  readonly stepsPerRun: number;
  /** Positions, padding included, of one reading run while nothing decodes. */
  readonly readBudget: number;
  /** Bounds of the same while rows decode; between them the measured {@link Pace} decides. */
  readonly interleavedReadBudget: { readonly least: number; readonly most: number };
  /** Whether a decode batch of `rows` rows of up to `length` positions fits into the cache's memory. */
  fits(rows: number, length: number): boolean;
  /** Whether the past of several items, padded to `past` positions each, may be copied together for one run. */
  fitsTogether(rows: number, past: number): boolean;
}

/** What the next forward pass is for. */
export type Plan<W, R> =
  /** One token for every row, or as many as a run has steps; `preempted` rows leave first: memory is short, or another flow has too few rows. */
  | { readonly kind: 'decode'; readonly preempted: readonly R[] }
  | { readonly kind: 'read'; readonly items: readonly W[]; readonly budget: number };

/** Padding may take at most this share of a reading run. */
const MAX_PADDING = 0.25;

/** A row joins only if the batch fits with every row this much longer: else it might be sent away at once. */
const HEADROOM = 64;

/** Full batches' worth of items that are made ready ahead of their turn. */
const LOOKAHEAD = 2;

/** No row is given up for another flow while one will be free within this many steps. */
const FREE_SOON = 4;

/** Batch work leaves this share of the rows to interactive work. */
const INTERACTIVE_SHARE = 0.25;

/**
 * Decides what each forward pass is for. Plain state, no model: `schedule` says what to run, `postprocess` is
 * told what became of it. Reading runs (prefill, scoring, prefixes) and decode steps take turns. Reading is
 * bounded while rows decode, long inputs are read in chunks, and at most one item is half read at a time.
 */
export class Scheduler<W extends WaitingItem, R extends RunningItem> {
  readonly waiting = new FairQueue<W>();
  /** Rows of the decode batch, in the order of the cache. */
  readonly running: R[] = [];
  private readonly limits: SchedulerLimits;
  private readonly pace = new Pace();
  /** The item that was read in part; it holds memory, so no second one starts before it ends. */
  private partial: W | null = null;
  private lastWasRead = false;
  private lastReadWasPartial = false;

  constructor(limits: SchedulerLimits) {
    this.limits = limits;
  }

  /** The next run, or null when nothing can run now. */
  schedule(): Plan<W, R> | null {
    const decodeDue = this.running.length > 0 && this.lastWasRead;
    const read = decodeDue ? null : this.planRead();
    if (read !== null) return read;
    return this.running.length > 0 ? { kind: 'decode', preempted: this.leaving() } : null;
  }

  /**
   * Takes what a run did into account: who was served how much, what stays half read, how long it took.
   * Called after the run and before its results are handed out.
   * @param done.positions padded positions of a reading run, [batch * sequence]
   * @param done.read positions that each item of a reading run has read
   * @param done.steps of a decode run; 1 unless given
   */
  postprocess(
    plan: Plan<W, R>,
    done: {
      readonly ms: number;
      readonly positions: number;
      readonly read: readonly number[];
      readonly steps?: number;
    },
  ): void {
    this.lastWasRead = plan.kind === 'read';
    if (plan.kind === 'decode') {
      this.pace.observeDecode(done.ms);
      const tokens = TOKENS_PER_STEP * (done.steps ?? 1);
      const services = this.running.map((to) => ({ to, tokens }));
      this.waiting.charge(services, this.running);
      return;
    }
    this.pace.observeRead(done.positions, done.ms);
    const services = plan.items.map((to, i) => ({ to, tokens: done.read[i]! }));
    this.waiting.charge(services, this.running);
    plan.items.forEach((item, i) => {
      const read = done.read[i]!;
      // A job that is gone was aborted in the meantime.
      if (read < item.remaining && this.waiting.has(item)) this.partial = item;
    });
    this.lastReadWasPartial = plan.items.some((item) => item === this.partial);
  }

  /** Takes an item out of the queue, finished or not; returns whether it was there. */
  remove(item: W): boolean {
    if (this.partial === item) this.partial = null;
    return this.waiting.remove(item);
  }

  /** The items whose turn is near: as many as could run in the next few runs, and those for which rows are kept. */
  upcoming(): W[] {
    const near = new Set([...this.waiting].filter(({ together }) => together?.hasBegun));
    let ahead = 0;
    for (const item of this.waiting.inOrder(this.running)) {
      near.add(item);
      if (++ahead === this.limits.maxBatchSize * LOOKAHEAD) break;
    }
    return [...near];
  }

  /** Items that have waited beyond their deadline without a run. */
  expired(now: number): W[] {
    return [...this.waiting].filter(
      (item) => item.deadline < now && item !== this.partial && !item.together?.hasBegun,
    );
  }

  private planRead(): Plan<W, R> | null {
    const { readBudget, interleavedReadBudget: bounds } = this.limits;
    const { partial } = this;
    const { eligible } = this.inTurn();
    const budget =
      this.running.length > 0
        ? this.pace.interleavedPositions(bounds.least, bounds.most, this.pressureOf(eligible))
        : readBudget;
    if (partial !== null) {
      // Short ones need not wait for a long one to end: they take turns with its chunks.
      const short = this.lastReadWasPartial ? eligible.filter((item) => item.remaining <= budget) : [];
      return { kind: 'read', items: short.length > 0 ? this.company(short, budget) : [partial], budget };
    }
    if (eligible.length === 0) return null;
    const encoded = eligible.filter(({ isEncoded }) => isEncoded === true);
    const items = this.company(encoded.length > 0 ? encoded : eligible, budget);
    return { kind: 'read', items, budget };
  }

  /** Inputs that wait for each running row, those aside that must not delay it: work without rows never ends a burst. */
  private pressureOf(eligible: readonly W[]): number {
    const urgent = this.running.some(({ priority }) => priority === 'interactive');
    const joining = eligible.filter(
      ({ needsRow, priority }) => needsRow && !(urgent && priority === 'batch'),
    );
    return joining.length / this.running.length;
  }

  /** The first item and those that can run with it at little padding, the nearest in length first. */
  private company(eligible: readonly W[], budget: number): W[] {
    const head = eligible[0]!;
    const items = [head];
    if (head.remaining >= budget) return items;
    let longest = head.remaining;
    let useful = head.remaining;
    let past = head.pastLength;
    const others = eligible.slice(1).sort((a, b) => distance(a, head) - distance(b, head));
    for (const item of others) {
      if (items.length === this.limits.maxBatchSize) break;
      if (item.pass !== head.pass) continue;
      const deepest = Math.max(past, item.pastLength);
      if (!this.limits.fitsTogether(items.length + 1, deepest)) continue;
      const width = Math.max(longest, item.remaining);
      const padded = width * (items.length + 1);
      if (padded > budget || useful + item.remaining < padded * (1 - MAX_PADDING)) continue;
      items.push(item);
      longest = width;
      past = deepest;
      useful += item.remaining;
    }
    return items;
  }

  /**
   * Ready items in fair order, without the partial one; those that need a row as far as rows and memory go, and the
   * first for which they do not.
   */
  private inTurn(): { readonly eligible: readonly W[]; readonly blocked: W | null } {
    const { maxBatchSize, fits } = this.limits;
    const eligible: W[] = [];
    const kept = this.keptRows();
    /** Of those that start together, for which there are rows. */
    const starting = new Set(kept.flatMap(({ together }) => together ?? []));
    let rows = this.running.length + kept.reduce((sum, item) => sum + rowsOf(item), 0);
    let batchRows =
      this.running.filter(isBatch).length + kept.filter(isBatch).reduce((sum, item) => sum + rowsOf(item), 0);
    let longest = Math.max(
      0,
      ...this.running.map(lengthWithHeadroom),
      ...kept.map((item) => lengthWithHeadroom(item.together ?? item)),
    );
    let blocked: W | null = null;
    let batchBlocked = false;
    for (const item of this.waiting.inOrder(this.running)) {
      // What holds memory goes on, else it could wait for the row of one that waits for this memory.
      if (item === this.partial || item.state === 'queued') continue;
      const together = item.together ?? null;
      if (item.needsRow && (together === null || !starting.has(together))) {
        // Once one does not fit, later ones must not overtake it for ever.
        if (blocked !== null || (batchBlocked && item.priority === 'batch')) continue;
        const own = rowsOf(item);
        // One that needs more rows than that by itself is let in alone.
        if (item.priority === 'batch' && batchRows > 0 && batchRows + own > this.maxBatchRows) {
          batchBlocked = true;
          continue;
        }
        const length = Math.max(longest, lengthWithHeadroom(together ?? item));
        if (rows + own > maxBatchSize || (rows > 0 && !fits(rows + own, length))) {
          blocked = item;
          continue;
        }
        rows += own;
        if (item.priority === 'batch') batchRows += own;
        if (together !== null) starting.add(together);
        longest = length;
      }
      if (item.state === 'ready') eligible.push(item);
    }
    return { eligible, blocked };
  }

  /** What rows are kept for: the one that is half read, and one of each that have begun to start together. */
  private keptRows(): readonly W[] {
    const begun = new Map<StartTogether, W>();
    for (const item of this.waiting) {
      if (item.needsRow && item.together?.hasBegun) begun.set(item.together, item);
    }
    const { partial } = this;
    const isAlone = partial?.needsRow === true && (partial.together ?? null) === null;
    return isAlone ? [partial, ...begun.values()] : [...begun.values()];
  }

  private get maxBatchRows(): number {
    const { maxBatchSize } = this.limits;
    return Math.max(1, maxBatchSize - Math.floor(maxBatchSize * INTERACTIVE_SHARE));
  }

  /** Rows that leave before the next step; for the sake of fairness one at a time. */
  private leaving(): readonly R[] {
    const overflow = this.overflow();
    if (overflow.length > 0 || this.waiting.size === 0) return overflow;
    if (this.running.some((row) => outputLeft(row) <= FREE_SOON)) return [];
    const { blocked } = this.inTurn();
    const unfair = blocked === null ? null : rowToYield(this.running, blocked);
    return unfair === null ? [] : [unfair];
  }

  /** Rows that must leave so that the others can have the positions of the next run: batch work first, then the latest. */
  private overflow(): R[] {
    const staying = [...this.running].sort(byStanding);
    const leaving: R[] = [];
    while (staying.length > 1) {
      // Behind an encoder a row can be longer than its output will ever be, and does not grow.
      const longest = Math.max(
        ...staying.map((row) => Math.min(row.finalLength, row.rowLength + this.limits.stepsPerRun)),
      );
      if (this.limits.fits(staying.length, longest)) break;
      leaving.push(staying.pop()!);
    }
    return leaving;
  }
}

/** Rows that are taken when it starts. */
const rowsOf = ({ together }: WaitingItem): number => together?.size ?? 1;

const isBatch = ({ priority }: { readonly priority: string }): boolean => priority === 'batch';

function lengthWithHeadroom({ rowLength, finalLength }: { rowLength: number; finalLength: number }): number {
  return Math.min(finalLength, rowLength + HEADROOM);
}

/** Those with the best claim to their row first. */
function byStanding(a: RunningItem, b: RunningItem): number {
  if (a.priority !== b.priority) return a.priority === 'interactive' ? -1 : 1;
  return a.joined - b.joined;
}

function distance(a: WaitingItem, b: WaitingItem): number {
  return Math.abs(a.remaining - b.remaining);
}
