import { DomainError } from '../../domain/errors.ts';
import type { Training, TrainingJob } from '../../domain/training.ts';

/** Throws `not_found`. */
export function jobOf(store: Pick<Training['store'], 'getJob'>, id: string): TrainingJob {
  const job = store.getJob(id);
  if (job !== null) return job;
  throw new DomainError('not_found', 'job_not_found', `There is no job "${id}".`, {
    param: 'job',
    given: id,
  });
}
