/** What one more duration weighs against those before it. */
const WEIGHT = 0.1;

const LONGEST_RETRY_SECONDS = 60;

/** A sequence from its admission to its end. */
export interface Passage {
  /** Its first token came; only the first call counts. */
  started(now: number): void;
  ended(now: number): void;
}

/**
 * Estimates how long one more interactive sequence would wait for a row: those ahead of it that have none, times
 * how long a row is kept, over the number of rows. Durations are learned from the sequences themselves; times
 * are milliseconds.
 */
export class QueueWait {
  private readonly rows: number;
  private inside = 0;
  private durationMs = 0;

  /** @param rows rows of the decode batch */
  constructor(rows: number) {
    this.rows = rows;
  }

  enter(): Passage {
    this.inside++;
    let start: number | null = null;
    let left = false;
    return {
      started: (now) => {
        start ??= now;
      },
      ended: (now) => {
        if (left) return;
        left = true;
        this.inside--;
        if (start === null) return;
        const duration = now - start;
        this.durationMs += (this.durationMs === 0 ? 1 : WEIGHT) * (duration - this.durationMs);
      },
    };
  }

  estimateMs(): number {
    return (Math.max(0, this.inside + 1 - this.rows) * this.durationMs) / this.rows;
  }

  /** Whole seconds after which to try again. */
  retryAfter(): number {
    return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(this.estimateMs() / 1000)));
  }
}
