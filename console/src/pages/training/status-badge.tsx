import type { Job } from '../../api/types.ts';
import { STATUS_WORDS } from '../../lib/job-status.ts';

const TONES: Partial<Record<Job['status'], string>> = { running: 'on', succeeded: 'on', failed: 'bad' };

export function StatusBadge({ status }: Pick<Job, 'status'>) {
  return <span class={`badge first ${TONES[status] ?? ''}`}>{STATUS_WORDS[status]}</span>;
}
