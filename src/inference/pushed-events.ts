import { DomainError } from '../domain/errors.ts';

/** Events that a consumer gets at once: few enough to be handled in a short turn. */
const MOST_TOGETHER = 32;

/**
 * Joins what several producers push into one async iterable for one consumer, who gets together what is there. Producers
 * never wait: a consumer that lets too much wait loses all of it and gets `unavailable` reader_too_slow.
 */
export class PushedEvents<T> implements AsyncIterableIterator<readonly T[]> {
  private readonly onClose: () => void;
  private readonly most: number;
  /** Weight of the events that wait. */
  private waiting = 0;
  private events: { readonly event: T; readonly weight: number }[] = [];
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

  async next(): Promise<IteratorResult<readonly T[], undefined>> {
    for (;;) {
      if (this.events.length > 0) return { done: false, value: this.take() };
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

  async return(): Promise<IteratorResult<readonly T[], undefined>> {
    if (!this.ended) this.onClose();
    this.drop();
    this.failure = null;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private take(): readonly T[] {
    const taken = this.events.splice(0, MOST_TOGETHER);
    for (const { weight } of taken) this.waiting -= weight;
    return taken.map(({ event }) => event);
  }

  private drop(): void {
    this.events = [];
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
