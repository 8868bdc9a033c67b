/** Milliseconds that the users of one share may keep the thread in a turn of the event loop, all together. */
const TURN_MS = 8;

/**
 * A part of the thread. However many use it, they keep the thread for about {@link TURN_MS} in one turn of the event loop;
 * those for whom there was no time left take turns in order.
 */
export class ThreadShare {
  private readonly now: () => number;
  private readonly waiting: (() => void)[] = [];
  /** When the part of this turn is used up; null: nobody has used any of it. */
  private end: number | null = null;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** True when {@link next} must be awaited before more work. */
  isOver(): boolean {
    const now = this.now();
    if (this.end === null) this.begin(now);
    return now >= this.end!;
  }

  /** Waits for a later turn of the event loop, behind those who wait already. */
  next(): Promise<void> {
    if (this.end === null) this.begin(this.now());
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  private begin(now: number): void {
    this.end = now + TURN_MS;
    setImmediate(this.pass);
  }

  private readonly pass = (): void => {
    this.end = null;
    const wake = this.waiting.shift();
    if (wake === undefined) return;
    this.begin(this.now());
    wake();
  };
}

/** For what brings answers to clients: events of the engine, and their way into connections. */
export const answering = new ThreadShare();
