import { Demand } from './demand.ts';

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
const OVERLOAD_WAIT = 0.25;

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
 * the rows it does not wait: a flow that holds more yields one. Beyond that share: those ahead of it, times how long
 * a row is kept, over the number of rows. Turns are fair as well: of every other flow no more are ahead of it than
 * its own flow has waiting, and itself. And a flow that asked not long ago may still send some that come in front of
 * it, until it has as many inside. Durations are learned from the sequences themselves; times are milliseconds.
 */
export class QueueWait {
  private readonly rows: number;
  private readonly flows = new Map<string, Flow>();
  /** When each flow asked last, the latest at the end; those are forgotten that have not for as long as a row is kept. */
  private readonly asked = new Map<string, number>();
  private readonly demand = new Demand();
  private inside = 0;
  /** Those that had their first token. */
  private started = 0;
  /** How long a row of a full batch is kept. */
  private durationMs = 0;

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
        start = { at: now, beside: ++this.started };
      },
      ended: (now) => {
        if (left) return;
        left = true;
        if (start === null) flow.waiting--;
        else this.observe(now - start.at, (start.beside + this.started--) / 2);
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
    for (const [flow, at] of this.asked) {
      if (now - at <= this.durationMs) break;
      this.asked.delete(flow);
    }
  }

  estimateMs(name: string): number {
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
    return ((Math.min(withoutRow, inTurn) + toCome) * this.durationMs) / this.rows;
  }

  /**
   * Longest wait with which one more is taken. `mostMs` evens out bursts; in overload it is cut to what hardly
   * lengthens an answer, so that those admitted are served as if nobody else had asked.
   */
  longestMs(mostMs: number, now: number): number {
    const wanted = (this.demand.rate(now) * this.durationMs) / this.rows;
    return wanted > OVERLOAD ? Math.min(mostMs, OVERLOAD_WAIT * this.durationMs) : mostMs;
  }

  /** Whole seconds after which to try again. */
  retryAfter(name: string): number {
    return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(this.estimateMs(name) / 1000)));
  }

  /**
   * Whether every flow could have as many rows as this one with one more: then a row is free, or one flow holds
   * more than that, and yields (`rowToYield`).
   */
  private hasShareFor(name: string): boolean {
    const wanted = (this.flows.get(name)?.inside ?? 0) + 1;
    let rows = wanted;
    for (const [other, { inside }] of this.flows) rows += other === name ? 0 : Math.min(inside, wanted);
    return rows <= this.rows;
  }

  /**
   * A row was kept so long beside so many others. In a full batch it would have been kept longer: between not at all
   * (reading the weights is what a step costs) and in proportion (computing is), so the geometric mean of the two.
   */
  private observe(ms: number, rows: number): void {
    const full = ms * Math.sqrt(this.rows / Math.min(rows, this.rows));
    this.durationMs += (this.durationMs === 0 ? 1 : WEIGHT) * (full - this.durationMs);
  }
}
