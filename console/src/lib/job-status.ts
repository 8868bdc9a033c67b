import type { Job } from '../api/types.ts';

export const isOver = ({ status }: Job): boolean => ['succeeded', 'failed', 'cancelled'].includes(status);

export const STATUS_WORDS: Readonly<Record<Job['status'], string>> = {
  validating_files: 'reads the rows',
  queued: 'waits',
  running: 'trains',
  paused: 'paused',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** The version that a job made; null: none yet. */
export function versionOf({ fine_tuned_model: result }: Job): number | null {
  return result === null ? null : Number(result.slice(result.lastIndexOf('@') + 1));
}
