import { Demand } from './demand.ts';
import { SPARED_SHARE } from './scheduling/fair-rows.ts';

/** What one more duration weighs against those before it. */
const WEIGHT = 0.1;

const LONGEST_RETRY_SECONDS = 60;

/**
 * So many times more is asked for than rows can serve: no burst that a queue would even out, because a queue that
 * never empties makes every answer later and not one more of them. Clients that each wait for their answer before
 * they ask again stay at 1, however many they are.
 */
const OVERLOAD = 2;

/** In overload a request waits for its turn at most this part of the time that it then keeps its row. */
const OVERLOAD_WAIT = 0.15;

/** A row that is kept so many times longer than others are will not be free soon. */
const OVERDUE = 2;

/** A sequence from its admission to its end. */
export interface Passage {
  /** Its first token came; only the first call counts. */
  started(now: number): void;
  ended(now: number): void;
}

/** Sequences of one flow. */
interface Flow {
  inside: number;
  /** Of those, the ones without a first token. */
  waiting: number;
}

const NONE: Flow = { inside: 0, waiting: 0 };

/**
 * Estimates how long one more interactive sequence of a flow would wait for a row. Within its flow's fair share of
 * the rows it does not wait: a flow that holds more yields one. Beyond that share: rows become free in the order in
 * which they were taken, and those ahead of it take them first. Turns are fair as well: of every other flow no more
 * are ahead of it than its own flow has waiting, and itself. And a flow that asked not long ago may still send some
 * that come in front of it, until it has as many inside. How long a row is kept is learned from the sequences
 * themselves; times are milliseconds.
 */
export class QueueWait {
  private readonly rows: number;
  private readonly flows = new Map<string, Flow>();
  /** When each flow asked last, the latest at the end; those are forgotten that have not for as long as a row is kept. */
  private readonly asked = new Map<string, number>();
  private readonly demand = new Demand();
  private inside = 0;
  /** Since when those keep their row that had their first token, the earliest at the front. */
  private readonly started = new Set<{ readonly at: number; readonly beside: number }>();
  /** How long a row of a full batch is kept, as far as sequences have ended. */
  private learnedMs = 0;

  /** @param rows rows of the decode batch */
  constructor(rows: number) {
    this.rows = rows;
  }

  enter(name: string): Passage {
    const flow = this.flows.get(name) ?? { inside: 0, waiting: 0 };
    this.flows.set(name, flow);
    flow.inside++;
    flow.waiting++;
    this.inside++;
    let start: { readonly at: number; readonly beside: number } | null = null;
    let left = false;
    return {
      started: (now) => {
        if (start !== null || left) return;
        flow.waiting--;
        start = { at: now, beside: this.started.size + 1 };
        this.started.add(start);
      },
      ended: (now) => {
        if (left) return;
        left = true;
        if (start === null) flow.waiting--;
        else {
          this.observe(now - start.at, (start.beside + this.started.size) / 2);
          this.started.delete(start);
        }
        this.inside--;
        if (--flow.inside === 0) this.flows.delete(name);
      },
    };
  }

  /** A flow asks for one more, whatever the answer. */
  ask(name: string, now: number): void {
    this.demand.ask(now);
    this.asked.delete(name);
    this.asked.set(name, now);
    const keptMs = this.keptMs(now);
    for (const [flow, at] of this.asked) {
      if (now - at <= keptMs) break;
      this.asked.delete(flow);
    }
  }

  estimateMs(name: string, now: number): number {
    if (this.hasShareFor(name)) return 0;
    const withoutRow = this.inside + 1 - this.rows;
    const { inside, waiting } = this.flows.get(name) ?? NONE;
    let inTurn = waiting + 1;
    for (const [other, flow] of this.flows) {
      if (other !== name) inTurn += Math.min(flow.waiting, waiting + 1);
    }
    let toCome = 0;
    for (const other of this.asked.keys()) {
      if (other !== name) toCome += Math.max(0, inside + 1 - (this.flows.get(other) ?? NONE).inside);
    }
    return this.untilFreeMs(Math.min(withoutRow, inTurn) + toCome, now);
  }

  /**
   * Longest wait with which one more is taken. `mostMs` evens out bursts; in overload it is cut to what hardly
   * lengthens an answer, so that those admitted are served as if nobody else had asked.
   */
  longestMs(mostMs: number, now: number): number {
    const keptMs = this.keptMs(now);
    const wanted = (this.demand.rate(now) * keptMs) / this.rows;
    return wanted > OVERLOAD ? Math.min(mostMs, OVERLOAD_WAIT * keptMs) : mostMs;
  }

  /**
   * Whether every flow could have as many rows as this one with one more: then a row is free, or one flow holds
   * more than that, and yields (`rowToYield`).
   */
  private hasShareFor(name: string): boolean {
    const wanted = (this.flows.get(name)?.inside ?? 0) + 1;
    const fair = Math.max(wanted, Math.floor(this.rows * SPARED_SHARE));
    let rows = wanted;
    for (const [other, { inside }] of this.flows) rows += other === name ? 0 : Math.min(inside, fair);
    return rows <= this.rows;
  }

  /**
   * When so many rows will have become free: the earliest taken first, and each again after the same time. Those that
   * are kept much longer than usual are not counted on.
   */
  private untilFreeMs(count: number, now: number): number {
    const keptMs = this.keptMs(now);
    const ages = Array.from(this.started, ({ at }) => now - at).filter((age) => age <= OVERDUE * keptMs);
    const rows = Math.max(1, this.rows - (this.started.size - ages.length));
    const age = ages[(count - 1) % rows] ?? 0;
    return Math.max(0, keptMs - age) + Math.floor((count - 1) / rows) * keptMs;
  }

  /** How long a row is kept; before anything has ended, at least as long as the earliest has been. */
  private keptMs(now: number): number {
    if (this.learnedMs > 0) return this.learnedMs;
    const [earliest] = this.started;
    return earliest === undefined ? 0 : now - earliest.at;
  }

  /**
   * A row was kept so long beside so many others. In a full batch it would have been kept longer: between not at all
   * (reading the weights is what a step costs) and in proportion (computing is), so the geometric mean of the two.
   */
  private observe(ms: number, rows: number): void {
    const full = ms * Math.sqrt(this.rows / Math.min(rows, this.rows));
    this.learnedMs += (this.learnedMs === 0 ? 1 : WEIGHT) * (full - this.learnedMs);
  }
}

/** Whole seconds after which to try again what would wait so long. */
export const retrySeconds = (waitMs: number): number =>
  Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(waitMs / 1000)));
