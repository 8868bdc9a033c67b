import type { FromChild, ToChild } from './protocol.ts';

/** The child's side of the channel. The process ends when the parent is gone: nobody could keep what it learns. */
export class Parent {
  private readonly received: ToChild[] = [];
  private wake: (() => void) | null = null;
  private stopping = false;
  private readonly orphaned = (): void => process.exit(1);

  constructor() {
    process.on('message', (message: ToChild) => {
      if (message.type === 'stop') this.stopping = true;
      else this.received.push(message);
      this.wake?.();
    });
    process.on('disconnect', this.orphaned);
  }

  /** The parent wants a checkpoint and the end. */
  get stopRequested(): boolean {
    return this.stopping;
  }

  send(message: FromChild): Promise<void> {
    return new Promise((resolve) => {
      // The channel may break before the end of the parent is noticed.
      process.send!(message, undefined, {}, (error: Error | null) => (error ? this.orphaned() : resolve()));
    });
  }

  /** Waits for the next message of this type; the protocol has no other at that point. */
  async expect<T extends ToChild['type']>(type: T): Promise<ToChild & { readonly type: T }> {
    for (;;) {
      const message = this.received.shift();
      if (message?.type === type) return message as ToChild & { readonly type: T };
      if (message !== undefined) throw new Error(`Expected the message ${type}, given ${message.type}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Nothing more will be said; lets the process end by itself. */
  end(): void {
    process.off('disconnect', this.orphaned);
    process.disconnect();
  }
}
