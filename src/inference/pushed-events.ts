/**
 * Joins what several producers push into one async iterable for one consumer. Producers never wait: what they
 * can push is bounded by `max_tokens`.
 */
export class PushedEvents<T> implements AsyncIterableIterator<T> {
  private readonly onClose: () => void;
  private events: T[] = [];
  private position = 0;
  private ended = false;
  private failure: { readonly error: unknown } | null = null;
  private wake: (() => void) | null = null;

  /** @param onClose called when the consumer stops before the end */
  constructor(onClose: () => void) {
    this.onClose = onClose;
  }

  push(event: T): void {
    if (this.ended) return;
    this.events.push(event);
    this.wake?.();
  }

  /** No more events; those pushed before are still delivered. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Like `end`, but the consumer then gets the error. */
  fail(error: unknown): void {
    if (this.ended) return;
    this.failure = { error };
    this.end();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.position < this.events.length) return { done: false, value: this.take() };
      if (this.failure) {
        const { error } = this.failure;
        this.failure = null;
        throw error;
      }
      if (this.ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    if (!this.ended) this.onClose();
    this.events = [];
    this.failure = null;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private take(): T {
    const event = this.events[this.position++]!;
    if (this.position === this.events.length) {
      this.events = [];
      this.position = 0;
    }
    return event;
  }
}
