import { EventEmitter } from 'node:events';
import type { NewJobEvent, TrainingStore } from '../../domain/training.ts';

/** Events that wait while the store cannot take them; older ones are dropped. */
const MOST_WAITING = 1000;

/** Writes the events of jobs, as many in one transaction as came meanwhile, and wakes who follows them. */
export class EventLog {
  private readonly store: Pick<TrainingStore, 'addEvents'>;
  private readonly onFailure: (error: unknown) => void;
  private readonly waiting = new Map<string, NewJobEvent[]>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private writing: Promise<void> = Promise.resolve();

  constructor(store: Pick<TrainingStore, 'addEvents'>, onFailure: (error: unknown) => void) {
    this.store = store;
    this.onFailure = onFailure;
  }

  add(job: string, event: NewJobEvent): void {
    const events = this.waiting.get(job);
    if (events !== undefined) {
      events.push(event);
      if (events.length > MOST_WAITING) events.shift();
      return;
    }
    this.waiting.set(job, [event]);
    this.writing = this.writing.then(() => this.write(job));
  }

  /** Resolves when everything that was added is stored, or could not be. */
  flush(): Promise<void> {
    return this.writing;
  }

  /** Something about the job can be read that could not before. */
  announce(job: string): void {
    this.changes.emit(job);
  }

  /** Resolves at the next announcement, or when the signal aborts. */
  changed(job: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.changes.off(job, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.changes.on(job, done);
      signal.addEventListener('abort', done);
    });
  }

  private async write(job: string): Promise<void> {
    const events = this.waiting.get(job) ?? [];
    this.waiting.delete(job);
    try {
      await this.store.addEvents(job, events);
      this.announce(job);
    } catch (error) {
      this.onFailure(error);
      const later = this.waiting.get(job) ?? [];
      // Not tried again before the next event: a full disk stays full for a while.
      if (later.length > 0) later.unshift(...events.slice(-MOST_WAITING));
    }
  }
}

/** An event for a person to read. */
export function message(
  level: NewJobEvent['level'],
  text: string,
  extra: Partial<NewJobEvent> = {},
): NewJobEvent {
  return { level, type: 'message', message: text, data: null, key: null, ...extra };
}
