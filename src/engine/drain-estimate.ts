/** What one more interval weighs against those before it. */
const WEIGHT = 0.1;

const LONGEST_SECONDS = 60;

/** Estimates when the queue has room again, from how often requests have ended lately. */
export class DrainEstimate {
  private lastEnd: number | null = null;
  private interval: number | null = null;

  /** @param now milliseconds */
  ended(now: number): void {
    if (this.lastEnd !== null) {
      const interval = now - this.lastEnd;
      this.interval = this.interval === null ? interval : this.interval + WEIGHT * (interval - this.interval);
    }
    this.lastEnd = now;
  }

  /** An idle queue's next request ends late; that says nothing about the pace. */
  idle(): void {
    this.lastEnd = null;
  }

  /** Whole seconds, at least 1, until about `requests` of those in the engine have ended. */
  secondsUntil(requests: number): number {
    const seconds = Math.ceil(((this.interval ?? 0) * requests) / 1000);
    return Math.min(LONGEST_SECONDS, Math.max(1, seconds));
  }
}
