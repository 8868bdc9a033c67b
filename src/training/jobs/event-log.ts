import { EventEmitter } from 'node:events';
import type { NewJobEvent } from '../../domain/training.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import { Watch } from './watch.ts';

/** Events that wait while the store cannot take them; older ones are dropped. */
const MOST_WAITING = 1000;

/** Writes the events of jobs, as many in one transaction as came meanwhile, and wakes who follows them. */
export class EventLog {
  private readonly store: Pick<TrainingStore, 'addEvents'>;
  private readonly onFailure: (error: unknown) => void;
  private readonly waiting = new Map<string, readonly NewJobEvent[]>();
  private readonly scheduled = new Set<string>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private writing: Promise<void> = Promise.resolve();

  constructor(store: Pick<TrainingStore, 'addEvents'>, onFailure: (error: unknown) => void) {
    this.store = store;
    this.onFailure = onFailure;
  }

  add(job: string, event: NewJobEvent): void {
    this.wait(job, [...(this.waiting.get(job) ?? []), event]);
    this.schedule(job);
  }

  /** Resolves when everything that was added is stored, or could not be once more. */
  flush(): Promise<void> {
    for (const job of this.waiting.keys()) this.schedule(job);
    return this.writing;
  }

  /** Something about the job can be read that could not before. */
  announce(job: string): void {
    this.changes.emit(job);
  }

  /** Sees the announcements from now on; to be closed. */
  watch(job: string): Watch {
    return new Watch(this.changes, job);
  }

  private wait(job: string, events: readonly NewJobEvent[]): void {
    this.waiting.set(job, events.slice(-MOST_WAITING));
  }

  private schedule(job: string): void {
    if (this.scheduled.has(job)) return;
    this.scheduled.add(job);
    this.writing = this.writing.then(() => this.write(job));
  }

  private async write(job: string): Promise<void> {
    const events = this.waiting.get(job) ?? [];
    this.waiting.delete(job);
    this.scheduled.delete(job);
    try {
      await this.store.addEvents(job, events);
      this.announce(job);
    } catch (error) {
      this.onFailure(error);
      // Tried again with the next event or flush, not at once: a full disk stays full for a while.
      this.wait(job, [...events, ...(this.waiting.get(job) ?? [])]);
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
