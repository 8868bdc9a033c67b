import { setTimeout } from 'node:timers/promises';
import type { TrainingJob } from '../../domain/training.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

export interface LaneParts {
  next(): Promise<TrainingJob | null>;
  perform(job: TrainingJob): Promise<void>;
  onFailure(error: unknown, job: TrainingJob | null): void;
}

/** Takes one job after the other. A fault of the service leaves a job where it is, to be tried again later. */
export class Lane {
  private readonly parts: LaneParts;
  private readonly closing = new AbortController();
  private running: Promise<void> | null = null;
  private wanted = false;

  constructor(parts: LaneParts) {
    this.parts = parts;
  }

  /** There may be work. */
  kick(): void {
    this.wanted = true;
    if (this.running !== null || this.closing.signal.aborted) return;
    this.running = this.run().finally(() => {
      this.running = null;
      if (this.wanted) this.kick();
    });
  }

  /** Takes no more jobs and resolves when the present one is left. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    let failures = 0;
    this.wanted = false;
    while (!signal.aborted) {
      let job: TrainingJob | null = null;
      try {
        job = await this.parts.next();
        if (job === null) return;
        await this.parts.perform(job);
        failures = 0;
      } catch (error) {
        this.parts.onFailure(error, job);
        const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++);
        await setTimeout(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
