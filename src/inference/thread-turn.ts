import { ThreadShare } from '../thread-share.ts';

/** The time that one request may keep the thread before all others get it. */
const TURN_MS = 8;

/** Work of so many characters is done at once: it takes about a millisecond. */
const SHORT = 4096;

/** However many requests compute, they take turns in order. */
const computing = new ThreadShare();

/** A share of the thread for one request's long computation. */
export class ThreadTurn {
  private started = false;
  private end = 0;
  private taken: Promise<void> = Promise.resolve();

  /** Resolves when there is time for one more of many short pieces of work, one after the other for all who call it. */
  take(): Promise<void> {
    this.taken = this.taken.then(() => (this.isOver(0) ? this.next() : undefined));
    return this.taken;
  }

  /** True when {@link next} must be awaited before more work; work that is short needs no turn to start. */
  isOver(characters: number): boolean {
    if (this.started) return performance.now() >= this.end;
    if (characters > SHORT) return true;
    this.begin();
    return false;
  }

  async next(): Promise<void> {
    await computing.next();
    this.begin();
  }

  private begin(): void {
    this.started = true;
    this.end = performance.now() + TURN_MS;
  }
}
