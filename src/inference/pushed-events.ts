import { DomainError } from '../domain/errors.ts';

/**
 * Joins what several producers push into one async iterable for one consumer. Producers never wait: a consumer that
 * lets too much wait loses all of it and gets `unavailable` reader_too_slow.
 */
export class PushedEvents<T> implements AsyncIterableIterator<T> {
  private readonly onClose: () => void;
  private readonly most: number;
  /** Weight of the events that wait. */
  private waiting = 0;
  private events: { readonly event: T; readonly weight: number }[] = [];
  private position = 0;
  private ended = false;
  private failure: { readonly error: unknown } | null = null;
  private wake: (() => void) | null = null;

  /**
   * @param onClose called when the consumer stops before the end, or is too slow
   * @param most weight of what may wait for the consumer
   */
  constructor(onClose: () => void, most: number) {
    this.onClose = onClose;
    this.most = most;
  }

  push(event: T, weight: number): void {
    if (this.ended) return;
    this.waiting += weight;
    if (this.waiting > this.most) {
      this.drop();
      this.fail(tooSlow());
      this.onClose();
      return;
    }
    this.events.push({ event, weight });
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
    this.drop();
    this.failure = null;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private take(): T {
    const { event, weight } = this.events[this.position++]!;
    this.waiting -= weight;
    if (this.position === this.events.length) this.drop();
    return event;
  }

  private drop(): void {
    this.events = [];
    this.position = 0;
    this.waiting = 0;
  }
}

function tooSlow(): DomainError {
  return new DomainError(
    'unavailable',
    'reader_too_slow',
    'The client reads more slowly than the model writes.',
    {
      retryAfter: 1,
    },
  );
}
