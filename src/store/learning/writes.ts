import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { DomainError } from '../../domain/errors.ts';
import type { Claim } from '../../domain/idempotency.ts';
import type { Actor } from '../../domain/principal.ts';
import {
  type JobCheckpoint,
  type JobSpec,
  type JobStatus,
  jobTasks,
  type NewJobEvent,
  type TrainingFile,
  type TrainingJob,
} from '../../domain/training.ts';
import type { JobChange } from '../../domain/training-store.ts';
import type { Audit } from '../audit.ts';
import { claimWriter, type Once } from '../claims.ts';
import { createRoom, type Room, type StoreLimits } from '../limits.ts';
import { transaction } from '../transaction.ts';
import { type FileRow, type JobRow, toFile, toJob } from './rows.ts';

/** Checkpoints of a job that are kept. The best prompt so far is part of each. */
const KEPT_CHECKPOINTS = 3;

/** The writing half of the training store. Each method is one durable transaction. */
export interface TrainingWrites {
  addTrainingFile(
    file: Omit<TrainingFile, 'id' | 'owner' | 'createdAt'>,
    actor: Actor,
    claim: Claim | null,
  ): Once<TrainingFile>;
  /** Returns the hash of a content that no file has any more, or null. */
  deleteTrainingFile(id: string, actor: Actor): string | null;
  addJob(spec: JobSpec, actor: Actor, claim: Claim | null): Once<TrainingJob>;
  changeJob(
    id: string,
    when: { readonly from: readonly JobStatus[]; readonly busy?: false },
    change: JobChange,
    events: readonly NewJobEvent[],
    audited: { readonly action: 'job.cancel'; readonly actor: Actor } | undefined,
  ): TrainingJob | null;
  addJobEvents(job: string, events: readonly NewJobEvent[]): void;
  saveCheckpoint(checkpoint: Omit<JobCheckpoint, 'createdAt'>, content: Uint8Array): void;
  trimCheckpoints(job: string): void;
}

const newId = (prefix: string): string => `${prefix}-${randomBytes(12).toString('hex')}`;

export function createTrainingWrites(db: Database, limits: StoreLimits, audit: Audit): TrainingWrites {
  const addEvents = eventWriter(db);
  const parts = { db, room: createRoom(db, limits), audit, addEvents };
  return { ...fileWrites(parts), ...jobWrites(parts), ...progressWrites(db, addEvents) };
}

interface Parts {
  readonly db: Database;
  readonly room: Room;
  readonly audit: Audit;
  readonly addEvents: TrainingWrites['addJobEvents'];
}

function fileWrites({
  db,
  room,
  audit,
}: Parts): Pick<TrainingWrites, 'addTrainingFile' | 'deleteTrainingFile'> {
  const insert = db.prepare<[Omit<FileRow, 'seq'>], FileRow>(`
    INSERT INTO training_files (id, sha256, filename, format, kind, bytes, row_count, labels, owner, created_at)
    VALUES (:id, :sha256, :filename, :format, :kind, :bytes, :row_count, :labels, :owner, :created_at)
    RETURNING *`);
  const select = db.prepare<[string], FileRow>('SELECT * FROM training_files WHERE id = ?');
  const remove = db.prepare<[string]>('DELETE FROM training_files WHERE id = ?');
  const sharers = db
    .prepare<[string], number>('SELECT count(*) FROM training_files WHERE sha256 = ?')
    .pluck();
  const user = db
    .prepare<[{ id: string }], string>(`
      SELECT id FROM training_jobs WHERE status NOT IN ('succeeded', 'failed', 'cancelled')
      AND (:id IN (spec ->> '$.trainingFile.id', spec ->> '$.validationFile.id') OR EXISTS (
        SELECT 1 FROM json_each(spec, '$.otherTasks')
        WHERE :id IN (value ->> '$.trainingFile.id', value ->> '$.validationFile.id'))) LIMIT 1`)
    .pluck();
  const once = claimWriter(db);
  return {
    addTrainingFile: transaction(db, (file, actor, claim) =>
      once(claim, () => {
        room.forFile(actor.key, file.bytes);
        const row = insert.get({
          id: newId('file'),
          sha256: file.sha256,
          filename: file.filename,
          format: file.format,
          kind: file.kind,
          bytes: file.bytes,
          row_count: file.rows,
          labels: JSON.stringify(file.labels),
          owner: actor.key,
          created_at: Date.now(),
        })!;
        audit('file.upload', actor, { sha256: row.sha256, subject: row.id });
        return toFile(row);
      }),
    ),
    deleteTrainingFile: transaction(db, (id, actor) => {
      const row = select.get(id);
      if (row === undefined) throw fileNotFound(id, 'file');
      const job = user.get({ id });
      if (job !== undefined) {
        throw new DomainError('conflict', 'file_in_use', `The job ${job} uses this file.`, {
          param: 'file',
          expected: 'a file that no unfinished job uses',
          given: job,
        });
      }
      remove.run(id);
      audit('file.delete', actor, { sha256: row.sha256, subject: id });
      return sharers.get(row.sha256) === 0 ? row.sha256 : null;
    }),
  };
}

function jobWrites({ db, room, audit, addEvents }: Parts): Pick<TrainingWrites, 'addJob' | 'changeJob'> {
  const file = db.prepare<[string], FileRow>('SELECT * FROM training_files WHERE id = ?');
  const insert = db.prepare<[string, JobStatus, string, string | null, string | null, number], JobRow>(`
    INSERT INTO training_jobs (id, status, spec, actor_key, actor_request, created_at)
    VALUES (?, ?, ?, ?, ?, ?) RETURNING *`);
  const select = db.prepare<[string], JobRow>('SELECT * FROM training_jobs WHERE id = ?');
  const update = db.prepare<
    [Omit<JobRow, 'seq' | 'spec' | 'actor_key' | 'actor_request' | 'created_at'>],
    JobRow
  >(`
    UPDATE training_jobs SET status = :status, plan = :plan, result = :result, error = :error,
      publishing = :publishing, started_at = :started_at, finished_at = :finished_at
    WHERE id = :id RETURNING *`);
  const once = claimWriter(db);
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  return {
    addJob: transaction(db, (spec, actor, claim) =>
      once(claim, () => {
        room.forJob(actor.key);
        // In the same transaction: a file that is deleted now is either refused or missing here.
        const files = jobTasks(spec).flatMap(
          ({ trainingFile, validationFile }) =>
            [
              ['training_file', trainingFile],
              ['validation_file', validationFile],
            ] as const,
        );
        for (const [param, reference] of files) {
          if (reference !== null && file.get(reference.id) === undefined)
            throw fileNotFound(reference.id, param);
        }
        const { key, requestId } = actor;
        const text = JSON.stringify(spec);
        const row = insert.get(newId('ftjob'), 'validating_files', text, key, requestId, Date.now())!;
        for (const { task } of jobTasks(spec)) audit('job.create', actor, { task, subject: row.id });
        return toJob(row);
      }),
    ),
    changeJob: transaction(db, (id, when, change, events, audited) => {
      const row = select.get(id);
      if (row === undefined) return null;
      const job = toJob(row);
      if (!when.from.includes(job.status) || (when.busy === false && job.publishing)) return null;
      addEvents(id, events);
      if (audited !== undefined) {
        for (const { task } of jobTasks(job.spec))
          audit(audited.action, audited.actor, { task, subject: id });
      }
      const next = { ...job, ...change };
      return toJob(
        update.get({
          id,
          status: next.status,
          plan: json(next.plan),
          result: json(next.result),
          error: json(next.error),
          publishing: next.publishing ? 1 : 0,
          started_at: next.startedAt,
          finished_at: next.finishedAt,
        })!,
      );
    }),
  };
}

function eventWriter(db: Database): TrainingWrites['addJobEvents'] {
  const insert = db.prepare<[string, string, string, string, string | null, string | null, number]>(`
    INSERT INTO training_events (job, level, type, message, data, key, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  return (job, events) => {
    const now = Date.now();
    for (const { level, type, message, data, key } of events) {
      insert.run(job, level, type, message, data === null ? null : JSON.stringify(data), key, now);
    }
  };
}

function progressWrites(
  db: Database,
  addEvents: TrainingWrites['addJobEvents'],
): Pick<TrainingWrites, 'addJobEvents' | 'saveCheckpoint' | 'trimCheckpoints'> {
  const upsert = db.prepare<[string, number, Uint8Array, string, number]>(`
    INSERT INTO training_checkpoints (job, step, content, metrics, created_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (job, step) DO UPDATE SET content = excluded.content, metrics = excluded.metrics`);
  const trim = db.prepare<[{ job: string; kept: number }]>(`
    DELETE FROM training_checkpoints WHERE job = :job AND step NOT IN
      (SELECT step FROM training_checkpoints WHERE job = :job ORDER BY step DESC LIMIT :kept)`);
  return {
    addJobEvents: transaction(db, addEvents),
    saveCheckpoint: transaction(db, ({ job, step, metrics }, content) => {
      upsert.run(job, step, content, JSON.stringify(metrics), Date.now());
      trim.run({ job, kept: KEPT_CHECKPOINTS });
    }),
    trimCheckpoints: transaction(db, (job) => {
      trim.run({ job, kept: 1 });
    }),
  };
}

function fileNotFound(id: string, param: string): DomainError {
  return new DomainError(
    'not_found',
    'file_not_found',
    `There is no file ${JSON.stringify(id.slice(0, 80))}.`,
    {
      param,
      given: id.slice(0, 80),
    },
  );
}
