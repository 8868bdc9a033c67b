import type { Gauge } from 'prom-client';
import type { TrainingStats } from '../../domain/training.ts';
import type { Instruments } from './instruments.ts';

/** Jobs that learn prompts, copied from one snapshot a scrape. */
export class TrainingMetrics {
  readonly #stats: () => TrainingStats;
  readonly #jobs: Gauge<'status'>;
  readonly #step: Gauge;

  constructor(instruments: Instruments, stats: () => TrainingStats) {
    this.#stats = stats;
    this.#jobs = instruments.gauge('softprompt_training_jobs', 'Jobs in the store by status.', ['status']);
    this.#step = instruments.gauge(
      'softprompt_training_step_seconds',
      'Recent mean time of a step of the job that trains; 0: none does.',
    );
  }

  refresh(): void {
    const { jobs, stepSeconds } = this.#stats();
    for (const [status, count] of Object.entries(jobs)) this.#jobs.set({ status }, count);
    this.#step.set(stepSeconds ?? 0);
  }
}
