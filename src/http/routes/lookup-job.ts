import { DomainError } from '../../domain/errors.ts';
import type { TrainingJob } from '../../domain/training.ts';
import type { JobReads } from '../../domain/visibility.ts';

/** Throws `not_found`. */
export function jobOf(store: Pick<JobReads, 'getJob'>, id: string): TrainingJob {
  const job = store.getJob(id);
  if (job !== null) return job;
  throw new DomainError('not_found', 'job_not_found', `There is no job "${id}".`, {
    param: 'job',
    given: id,
  });
}
