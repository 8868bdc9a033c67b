import type { Database } from 'better-sqlite3';
import { CLAIM_MS } from '../domain/idempotency.ts';
import { transaction } from './transaction.ts';

/** Rows that one call removes, by kind: other writes wait for it. Each takes a few milliseconds. */
const MOST_KEYS = 50;
const MOST_EVENTS = 500;
/** With up to three checkpoints each, of up to some megabytes. */
const MOST_JOBS = 2;
const MOST_CHECKPOINTS = 2;
/** Pages of deleted rows that one call gives back to the file system. */
const MOST_PAGES = 256;

/** What is kept, in days after the end of a job; 0: for ever. */
export interface Retention {
  readonly keepJobsDays: number;
  readonly keepCheckpointsDays: number;
}

export interface TidyWrites {
  /** Removes some of what nobody needs any more; whether there may be more of it. */
  tidy(retention: Retention): boolean;
}

const DAY_MS = 24 * 3_600_000;
const FINAL = "('succeeded', 'failed', 'cancelled')";

export function createTidyWrites(db: Database): TidyWrites {
  const keys = db.prepare<[number, number]>(
    'DELETE FROM idempotency_keys WHERE rowid IN (SELECT rowid FROM idempotency_keys WHERE created_at < ? LIMIT ?)',
  );
  // A job that is to start from another's adapter still needs that one's last checkpoint.
  const expired = `
    status IN ${FINAL} AND finished_at < ? AND id NOT IN (
      SELECT spec ->> '$.sourceJob' FROM training_jobs
      WHERE status NOT IN ${FINAL} AND spec ->> '$.sourceJob' IS NOT NULL)`;
  // Before their job, which can have tens of thousands: the checkpoints go with the job, so that one that is still there
  // has its adapter.
  const events = db.prepare<[number, number]>(`
    DELETE FROM training_events WHERE seq IN (
      SELECT seq FROM training_events WHERE job IN (SELECT id FROM training_jobs WHERE ${expired}) LIMIT ?)`);
  const jobs = db.prepare<[number, number]>(`
    DELETE FROM training_jobs WHERE seq IN (
      SELECT seq FROM training_jobs WHERE ${expired}
        AND NOT EXISTS (SELECT 1 FROM training_events WHERE job = training_jobs.id) LIMIT ?)`);
  // The adapter of a multitask job is read from its last checkpoint.
  const checkpoints = db.prepare<[number, number]>(`
    DELETE FROM training_checkpoints WHERE rowid IN (
      SELECT c.rowid FROM training_checkpoints c JOIN training_jobs j ON j.id = c.job
      WHERE j.status IN ${FINAL} AND j.finished_at < ? AND NOT (
        j.result IS NOT NULL AND j.spec ->> '$.config.peft_type' IS 'MULTITASK_PROMPT_TUNING'
        AND c.step = (SELECT max(step) FROM training_checkpoints WHERE job = c.job)) LIMIT ?)`);
  const before = (days: number): number => (days === 0 ? 0 : Date.now() - days * DAY_MS);
  const remove = transaction(db, ({ keepJobsDays, keepCheckpointsDays }: Retention) =>
    [
      keys.run(Date.now() - CLAIM_MS, MOST_KEYS).changes === MOST_KEYS,
      events.run(before(keepJobsDays), MOST_EVENTS).changes === MOST_EVENTS,
      jobs.run(before(keepJobsDays), MOST_JOBS).changes === MOST_JOBS,
      checkpoints.run(before(keepCheckpointsDays), MOST_CHECKPOINTS).changes === MOST_CHECKPOINTS,
    ].includes(true),
  );
  return {
    tidy(retention) {
      const more = remove(retention);
      // Does nothing in a database from before this setting; a backup and its restore convert it.
      db.pragma(`incremental_vacuum(${MOST_PAGES})`);
      const free = db.pragma('freelist_count', { simple: true }) as number;
      const gives = db.pragma('auto_vacuum', { simple: true }) === 2;
      return more || (gives && free > 0);
    },
  };
}
