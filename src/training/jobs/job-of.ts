import { DomainError } from '../../domain/errors.ts';
import type { TrainingJob } from '../../domain/training.ts';
import type { TrainingStore } from '../../domain/training-store.ts';

/** Throws `not_found` job_not_found. */
export function jobOf(store: Pick<TrainingStore, 'getJob'>, id: string): TrainingJob {
  const job = store.getJob(id);
  if (job !== null) return job;
  throw new DomainError('not_found', 'job_not_found', `There is no job ${JSON.stringify(id.slice(0, 80))}.`, {
    param: 'job',
    given: id.slice(0, 80),
  });
}
