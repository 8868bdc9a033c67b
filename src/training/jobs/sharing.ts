import { once } from 'node:events';
import type { TrainingStore } from '../../domain/training-store.ts';
import { allJobs, claimedJobs, type JobSource } from './sources.ts';
import { takeTurn } from './turn.ts';

/** Several times before a claim ends. */
const RENEW_MS = 4000;

export interface SharingParts {
  readonly store: TrainingStore;
  readonly signal: AbortSignal;
  /** Works on what the source gives until the signal aborts. */
  work(source: JobSource): Promise<void>;
  /** Stops what is worked on here but these jobs. */
  keepOnly(claimed: readonly string[]): void;
  readonly log: { info(fields: object, text: string): void; error(fields: object, text: string): void };
}

/** Works on the jobs that are this server's, as the store shares them. Resolves after the signal aborts. */
export async function shareJobs({ store, signal, work, keepOnly, log }: SharingParts): Promise<void> {
  const { sharing } = store;
  if (sharing.kind === 'turn') {
    const { lock } = sharing;
    return takeTurn({
      lock,
      signal,
      work: () => work(allJobs(store)),
      onWait: () => log.info({ lock }, 'another server trains on this database'),
      onFailure: (error) => log.error({ err: error }, 'the turn to train could not be taken'),
    });
  }
  const { claims } = sharing;
  const renewing = setInterval(() => {
    // As long as nothing can be renewed nothing can be taken over either.
    claims.renew().then(keepOnly, (error) => log.error({ err: error }, 'claims of jobs were not renewed'));
  }, RENEW_MS);
  try {
    await work(claimedJobs(store, claims));
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(renewing);
  }
}
