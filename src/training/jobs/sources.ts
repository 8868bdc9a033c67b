import type { JobStatus, TrainingJob } from '../../domain/training.ts';
import type { JobClaims, JobLane, TrainingStore } from '../../domain/training-store.ts';

/** Where the lanes of a server find their next jobs. */
export interface JobSource {
  /** The oldest job in the first of these states that has one for this server. */
  next(lane: JobLane, statuses: readonly JobStatus[]): Promise<TrainingJob | null>;
  /** This server has left the job that it got. */
  done(lane: JobLane, job: string): Promise<void>;
}

type Reads = Pick<TrainingStore, 'nextJob' | 'getJob'>;

/** Of a server that has all jobs to itself. */
export const allJobs = (store: Reads): JobSource => ({
  async next(_, statuses) {
    for (const status of statuses) {
      const job = store.nextJob(status);
      if (job !== null) return job;
    }
    return null;
  },
  async done() {},
});

/** Of a server that claims each job among others. */
export const claimedJobs = (store: Reads, claims: JobClaims): JobSource => ({
  async next(lane, statuses) {
    // Most looks find nothing, and need not ask.
    if (statuses.every((status) => store.nextJob(status) === null)) return null;
    const id = await claims.claim(lane, statuses);
    if (id === null) return null;
    const job = store.getJob(id);
    if (job !== null && statuses.includes(job.status)) return job;
    // What was claimed has changed, and is not seen here yet.
    await claims.release(lane, id);
    return null;
  },
  done: (lane, job) => claims.release(lane, job),
});
