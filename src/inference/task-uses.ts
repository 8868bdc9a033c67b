import type { TaskStore } from '../domain/store.ts';

/** Collects which tasks serve requests, so that the store is written now and then, not with every request. */
export class TaskUses {
  private readonly store: Pick<TaskStore, 'recordUses'>;
  private pending = new Map<string, number>();

  constructor(store: Pick<TaskStore, 'recordUses'>) {
    this.store = store;
  }

  record(task: string): void {
    this.pending.set(task, Date.now());
  }

  /** Writes what has been collected; what cannot be written now is kept for the next time, and the error thrown. */
  async flush(): Promise<void> {
    if (this.pending.size === 0) return;
    const uses = this.pending;
    this.pending = new Map();
    try {
      await this.store.recordUses(uses);
    } catch (error) {
      this.pending = new Map([...uses, ...this.pending]);
      throw error;
    }
  }
}
