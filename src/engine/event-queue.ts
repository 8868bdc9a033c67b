/** Turns pushed events into an async iterable for one consumer. */
export class EventQueue<T> {
  private readonly events: T[] = [];
  private failure: Error | null = null;
  private done = false;
  private wake: (() => void) | null = null;

  push(event: T): void {
    this.events.push(event);
    this.wake?.();
  }

  /** No more events; those pushed before are still delivered. */
  end(): void {
    this.done = true;
    this.wake?.();
  }

  /** Like `end`, but the consumer then gets the error. */
  fail(error: Error): void {
    this.failure = error;
    this.end();
  }

  /** Yields until `end`; throws the error given to `fail`. */
  async *drain(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.events.length > 0) yield this.events.shift()!;
      if (this.failure !== null) throw this.failure;
      if (this.done) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
    }
  }
}
