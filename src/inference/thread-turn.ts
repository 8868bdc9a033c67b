/** The time that one request may keep the thread before all others get it. */
const TURN_MS = 8;

/** Work of so many characters is done at once: it takes about a millisecond. */
const SHORT = 4096;

/** Those who wait for the thread; each turn of the event loop wakes one. */
const waiting: (() => void)[] = [];

function wakeNext(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(wakeNext);
}

/**
 * A share of the thread for one request's long computation. However many requests compute, one turn of the
 * event loop holds about {@link TURN_MS} of it, and they take turns in order.
 */
export class ThreadTurn {
  private started = false;
  private end = 0;

  /** True when {@link next} must be awaited before more work; work that is short needs no turn to start. */
  isOver(characters: number): boolean {
    if (this.started) return performance.now() >= this.end;
    if (characters > SHORT) return true;
    this.begin();
    return false;
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(wakeNext);
    });
    this.begin();
  }

  private begin(): void {
    this.started = true;
    this.end = performance.now() + TURN_MS;
  }
}
