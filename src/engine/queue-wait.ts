/** What one more duration weighs against those before it. */
const WEIGHT = 0.1;

const LONGEST_RETRY_SECONDS = 60;

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

/**
 * Estimates how long one more interactive sequence of a flow would wait for a row: those ahead of it that have
 * none, times how long a row is kept, over the number of rows. Turns are fair: of every other flow no more are
 * ahead of it than its own flow has waiting, and itself. Durations are learned from the sequences themselves; times
 * are milliseconds.
 */
export class QueueWait {
  private readonly rows: number;
  private readonly flows = new Map<string, Flow>();
  private inside = 0;
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
    let start: number | null = null;
    let left = false;
    return {
      started: (now) => {
        if (start !== null || left) return;
        start = now;
        flow.waiting--;
      },
      ended: (now) => {
        if (left) return;
        left = true;
        this.inside--;
        if (--flow.inside === 0) this.flows.delete(name);
        if (start === null) {
          flow.waiting--;
          return;
        }
        const duration = now - start;
        this.durationMs += (this.durationMs === 0 ? 1 : WEIGHT) * (duration - this.durationMs);
      },
    };
  }

  estimateMs(name: string): number {
    const withoutRow = this.inside + 1 - this.rows;
    if (withoutRow <= 0) return 0;
    const own = (this.flows.get(name)?.waiting ?? 0) + 1;
    let inTurn = 0;
    for (const [other, { waiting }] of this.flows) inTurn += other === name ? 0 : Math.min(waiting, own);
    return (Math.min(withoutRow, inTurn + own) * this.durationMs) / this.rows;
  }

  /** Whole seconds after which to try again. */
  retryAfter(name: string): number {
    return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(this.estimateMs(name) / 1000)));
  }
}
