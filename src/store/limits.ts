import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';

/** How much of something may be stored. Checked in the transaction that would add to it. */
export interface StoreLimits {
  readonly maxTasksPerKey: number;
  readonly maxVersionsPerTask: number;
  /** Bytes of a task's safetensors files. */
  readonly maxTaskBytes: number;
  /** Bytes of a key's uploaded files. */
  readonly maxFileBytesPerKey: number;
  readonly maxUnfinishedJobsPerKey: number;
  /** The oldest entries of the audit trail beyond this number are dropped. */
  readonly maxAuditEntries: number;
}

export const NO_LIMITS: StoreLimits = {
  maxTasksPerKey: Number.MAX_SAFE_INTEGER,
  maxVersionsPerTask: Number.MAX_SAFE_INTEGER,
  maxTaskBytes: Number.MAX_SAFE_INTEGER,
  maxFileBytesPerKey: Number.MAX_SAFE_INTEGER,
  maxUnfinishedJobsPerKey: Number.MAX_SAFE_INTEGER,
  maxAuditEntries: Number.MAX_SAFE_INTEGER,
};

/** Whether something more may be stored. Call it inside the transaction that stores it; each throws `storage_full`. */
export interface Room {
  /** Throws too_many_tasks. */
  forTask(key: string | null): void;
  /** Throws too_many_versions and task_bytes_exceeded. */
  forVersion(task: string, bytes: number): void;
  /** Throws file_bytes_exceeded. */
  forFile(owner: string | null, bytes: number): void;
  /** Throws too_many_jobs. */
  forJob(key: string | null): void;
}

export function createRoom(db: Database, limits: StoreLimits): Room {
  const tasks = db
    .prepare<[string | null], number>('SELECT count(*) FROM tasks WHERE created_key IS ?')
    .pluck();
  const versions = db.prepare<[string], { versions: number; bytes: number }>(
    'SELECT count(*) AS versions, coalesce(sum(bytes), 0) AS bytes FROM prompt_versions WHERE task = ?',
  );
  const files = db
    .prepare<[string | null], number>('SELECT coalesce(sum(bytes), 0) FROM training_files WHERE owner IS ?')
    .pluck();
  const jobs = db
    .prepare<[string | null], number>(`
      SELECT count(*) FROM training_jobs
      WHERE actor_key IS ? AND status NOT IN ('succeeded', 'failed', 'cancelled')`)
    .pluck();
  return {
    forTask(key) {
      const message = 'The key has created as many tasks as it may.';
      assertRoom('too_many_tasks', 'task', message, limits.maxTasksPerKey, tasks.get(key)! + 1);
    },
    forVersion(task, bytes) {
      const held = versions.get(task)!;
      const many = `The task "${task}" has as many versions as it may; delete some.`;
      assertRoom('too_many_versions', 'task', many, limits.maxVersionsPerTask, held.versions + 1);
      const large = `The files of the task "${task}" would be too large together; delete versions.`;
      assertRoom('task_bytes_exceeded', 'task', large, limits.maxTaskBytes, held.bytes + bytes);
    },
    forFile(owner, bytes) {
      const message = 'The files of the key would be too large together; delete some.';
      const given = files.get(owner)! + bytes;
      assertRoom('file_bytes_exceeded', 'file', message, limits.maxFileBytesPerKey, given);
    },
    forJob(key) {
      const message = 'The key has as many unfinished jobs as it may.';
      assertRoom('too_many_jobs', 'job', message, limits.maxUnfinishedJobsPerKey, jobs.get(key)! + 1);
    },
  };
}

function assertRoom(code: string, param: string, message: string, most: number, given: number): void {
  if (given <= most) return;
  throw new DomainError('storage_full', code, message, { param, expected: `at most ${most}`, given });
}
