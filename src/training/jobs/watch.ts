import type { EventEmitter } from 'node:events';

/** Another server on the same store announces nothing here; what it did is seen after so long. */
const POLL_MS = 2000;

/** Wakes one follower of a job. It remembers what happens while nobody waits. */
export class Watch {
  private readonly changes: EventEmitter;
  private readonly job: string;
  private changed = false;
  private wake: (() => void) | null = null;
  private readonly announced = (): void => {
    this.changed = true;
    this.wake?.();
  };

  constructor(changes: EventEmitter, job: string) {
    this.changes = changes;
    this.job = job;
    changes.on(job, this.announced);
  }

  /** Resolves when something about the job may have changed since the last call, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    if (!this.changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.wake, { once: true });
      });
      if (this.wake !== null) signal.removeEventListener('abort', this.wake);
      this.wake = null;
    }
    this.changed = false;
  }

  close(): void {
    this.changes.off(this.job, this.announced);
  }
}
