import { DomainError } from './errors.ts';
import type { OpenClaim } from './idempotency.ts';
import type { Actor } from './principal.ts';
import type { Page } from './store.ts';
import type {
  JobCheckpoint,
  JobEvent,
  JobSpec,
  JobStatus,
  NewJobEvent,
  TrainingFile,
  TrainingJob,
} from './training.ts';

export interface PageOptions {
  readonly limit: number;
  /** Id of the last item of the page before. */
  readonly after?: string;
}

/** Throws `invalid` invalid_cursor. */
export function unknownCursor(after: string): never {
  throw new DomainError('invalid', 'invalid_cursor', '"after" must be the id of an item of this list.', {
    param: 'after',
    expected: 'the id of the last item of the page before',
    given: after.slice(0, 80),
  });
}

/** Changes of a job; fields left out stay. */
export type JobChange = Partial<
  Pick<TrainingJob, 'plan' | 'result' | 'error' | 'publishing' | 'startedAt' | 'finishedAt'>
> & { readonly status?: JobStatus };

/** What is found by reading a file. */
export type FileFacts = Pick<TrainingFile, 'filename' | 'format' | 'kind' | 'rows' | 'labels'>;

/** What is done to a job: its files are looked through, then it trains. */
export type JobLane = 'validate' | 'train';

/** How the servers on one store share its jobs. */
export type JobSharing =
  /** One of them works on all; the path of the file that it locks. */
  | { readonly kind: 'turn'; readonly lock: string }
  /** Each claims the jobs that it works on. */
  | { readonly kind: 'claims'; readonly claims: JobClaims };

/** Jobs that this server works on; a claim ends by itself when the server does. */
export interface JobClaims {
  /** The oldest job in the first of these states that has one on which no other server works; null: there is none. */
  claim(lane: JobLane, statuses: readonly JobStatus[]): Promise<string | null>;
  release(lane: JobLane, job: string): Promise<void>;
  /** Keeps the claims; the jobs that are still claimed. To be called every few seconds. */
  renew(): Promise<readonly string[]>;
}

/**
 * Reads are synchronous, writes durable when their promise resolves; lists are newest first. The actor of a write is named
 * in the audit trail; left out: the service itself.
 */
export interface TrainingStore {
  readonly sharing: JobSharing;

  getFile(id: string): TrainingFile | null;
  listFiles(options: PageOptions): Page<TrainingFile>;
  /**
   * Receives a content, checks it, and keeps it under its hash. Nothing is kept when `inspect` rejects.
   * @param inspect reads the received file
   * @param actor whose file it becomes
   * Rejects with `too_large` file_too_large as soon as more than `maxBytes` came, and `storage_full`.
   */
  addFile(
    content: AsyncIterable<Uint8Array>,
    maxBytes: number,
    inspect: (path: string) => Promise<FileFacts>,
    actor?: Actor,
    claim?: OpenClaim,
  ): Promise<TrainingFile>;
  /** Throws `not_found` file_not_found and `conflict` file_in_use. */
  deleteFile(id: string, actor?: Actor): Promise<void>;
  /**
   * Path of a content, for reading. Rejects with `unavailable` when it must come from a shared database that cannot be
   * reached.
   */
  contentPath(sha256: string): Promise<string>;

  getJob(id: string): TrainingJob | null;
  listJobs(options: PageOptions): Page<TrainingJob>;
  /** The oldest job in this status. */
  nextJob(status: JobStatus): TrainingJob | null;
  countJobs(): Readonly<Record<JobStatus, number>>;
  /** Throws `not_found` when one of its files is gone, and `storage_full` too_many_jobs. */
  addJob(spec: JobSpec, actor?: Actor, claim?: OpenClaim): Promise<TrainingJob>;
  /** What an earlier request with this claim added, or null. Throws `unprocessable` idempotency_key_reused. */
  earlierJob(claim: OpenClaim): TrainingJob | null;
  /**
   * Changes a job and says so, in one transaction, if it is in one of these states. Null: it is not.
   * @param when `busy: false` also requires that its result is not being published
   * @param audited for the audit trail, when a person asked for the change
   */
  changeJob(
    id: string,
    when: { readonly from: readonly JobStatus[]; readonly busy?: false },
    change: JobChange,
    events?: readonly NewJobEvent[],
    audited?: { readonly action: 'job.cancel'; readonly actor: Actor },
  ): Promise<TrainingJob | null>;

  addEvents(job: string, events: readonly NewJobEvent[]): Promise<void>;
  /** In the order in which they came. */
  eventsAfter(job: string, seq: number, limit: number): readonly JobEvent[];
  listEvents(job: string, options: PageOptions): Page<JobEvent>;

  /** Keeps the newest few; all or nothing. */
  saveCheckpoint(checkpoint: Omit<JobCheckpoint, 'createdAt'>, content: Uint8Array): Promise<void>;
  latestCheckpoint(job: string): { readonly step: number; readonly content: Uint8Array } | null;
  listCheckpoints(job: string, options: PageOptions): Page<JobCheckpoint>;
  /** Frees room: only the newest checkpoint of the job stays. */
  trimCheckpoints(job: string): Promise<void>;
}
