import type { Database } from 'better-sqlite3';
import {
  checkpointId,
  eventId,
  JOB_STATUSES,
  type JobStatus,
  type TrainingJob,
} from '../../domain/training.ts';
import { type TrainingStore, unknownCursor } from '../../domain/training-store.ts';
import { claimReader } from '../claims.ts';
import { readPage } from '../page.ts';
import { translating } from '../sqlite-errors.ts';
import {
  type CheckpointRow,
  type EventRow,
  type FileRow,
  type JobRow,
  toCheckpoint,
  toEvent,
  toFile,
  toJob,
} from './rows.ts';

export type TrainingReads = Pick<
  TrainingStore,
  | 'getFile'
  | 'listFiles'
  | 'getJob'
  | 'listJobs'
  | 'nextJob'
  | 'countJobs'
  | 'eventsAfter'
  | 'listEvents'
  | 'latestCheckpoint'
  | 'listCheckpoints'
  | 'earlierJob'
> & { readonly contents: () => readonly string[]; readonly hasContent: (sha256: string) => boolean };

/** Lists are newest first; their cursors are the ids that clients see. */
export function createTrainingReads(db: Database): TrainingReads {
  const file = db.prepare<[string], FileRow>('SELECT * FROM training_files WHERE id = ?');
  const files = db.prepare<[number, number], FileRow>(
    'SELECT * FROM training_files WHERE seq < ? ORDER BY seq DESC LIMIT ?',
  );
  const contents = db.prepare<[], string>('SELECT DISTINCT sha256 FROM training_files').pluck();
  const holder = db.prepare<[string]>('SELECT 1 FROM training_files WHERE sha256 = ? LIMIT 1');
  const job = db.prepare<[string], JobRow>('SELECT * FROM training_jobs WHERE id = ?');
  const jobs = db.prepare<[number, number], JobRow>(
    'SELECT * FROM training_jobs WHERE seq < ? ORDER BY seq DESC LIMIT ?',
  );
  const next = db.prepare<[string], JobRow>(
    'SELECT * FROM training_jobs WHERE status = ? ORDER BY seq LIMIT 1',
  );
  const jobCounts = db.prepare<[], { status: JobStatus; count: number }>(
    'SELECT status, count(*) AS count FROM training_jobs GROUP BY status',
  );
  const eventsAfter = db.prepare<[string, number, number], EventRow>(
    'SELECT * FROM training_events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const eventsBefore = db.prepare<[string, number, number], EventRow>(
    'SELECT * FROM training_events WHERE job = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
  );
  const checkpoints = db.prepare<[string, number, number], CheckpointRow>(`
    SELECT job, step, metrics, created_at FROM training_checkpoints
    WHERE job = ? AND step < ? ORDER BY step DESC LIMIT ?`);
  const latest = db.prepare<[string], { step: number; content: Buffer }>(
    'SELECT step, content FROM training_checkpoints WHERE job = ? ORDER BY step DESC LIMIT 1',
  );
  const start = (after: string | undefined, seq: (id: string) => number | undefined): number => {
    if (after === undefined) return Number.MAX_SAFE_INTEGER;
    return seq(after) ?? unknownCursor(after);
  };
  const suffix = (id: string): number | undefined => {
    const digits = /-([0-9]{1,15})$/.exec(id)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const earlier = claimReader(db);
  return {
    earlierJob(claim) {
      const found = translating(() => earlier(claim)) as TrainingJob | null;
      if (found !== null) claim.onReplay();
      return found;
    },
    contents: () => translating(() => contents.all()),
    hasContent: (sha256) => translating(() => holder.get(sha256) !== undefined),
    getFile: (id) => translating(() => optional(file.get(id), toFile)),
    listFiles: ({ limit, after }) =>
      translating(() => {
        const from = start(after, (id) => file.get(id)?.seq);
        return readPage(files.iterate(from, limit + 1), limit, toFile, ({ id }) => id);
      }),
    getJob: (id) => translating(() => optional(job.get(id), toJob)),
    listJobs: ({ limit, after }) =>
      translating(() => {
        const from = start(after, (id) => job.get(id)?.seq);
        return readPage(jobs.iterate(from, limit + 1), limit, toJob, ({ id }) => id);
      }),
    nextJob: (status) => translating(() => optional(next.get(status), toJob)),
    countJobs: () => {
      const counts = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<
        JobStatus,
        number
      >;
      for (const { status, count } of translating(() => jobCounts.all())) counts[status] = count;
      return counts;
    },
    eventsAfter: (id, seq, limit) => translating(() => eventsAfter.all(id, seq, limit).map(toEvent)),
    listEvents: (id, { limit, after }) =>
      translating(() => {
        const rows = eventsBefore.iterate(id, start(after, suffix), limit + 1);
        return readPage(rows, limit, toEvent, ({ seq }) => eventId(seq));
      }),
    latestCheckpoint: (id) => translating(() => latest.get(id) ?? null),
    listCheckpoints: (id, { limit, after }) =>
      translating(() => {
        const rows = checkpoints.iterate(id, start(after, suffix), limit + 1);
        return readPage(rows, limit, toCheckpoint, ({ step }) => checkpointId(id, step));
      }),
  };
}

function optional<Row, T>(row: Row | undefined, convert: (row: Row) => T): T | null {
  return row === undefined ? null : convert(row);
}
