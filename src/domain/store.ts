import type { Distribution } from './distribution.ts';
import type { OpenClaim } from './idempotency.ts';
import type { PeftType } from './peft.ts';
import type { Actor } from './principal.ts';
import type { AdapterConfig, PromptVersion } from './prompt.ts';
import type { ServingPlan } from './serving.ts';
import type { Task, TaskMetadata } from './task.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass as `after` to get the next page; null on the last one. */
  readonly next: string | null;
}

export interface TaskName {
  readonly name: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export type RecentTask = Pick<Task, 'name' | 'serving'>;

export interface NewPromptVersion {
  readonly task: string;
  readonly sha256: string;
  readonly peftType: PeftType;
  readonly numVirtualTokens: number;
  readonly tokenDim: number;
  readonly numLabels: number | null;
  readonly modelHash: string;
  readonly config: AdapterConfig;
  /** The safetensors file, byte for byte as uploaded. */
  readonly file: Uint8Array;
}

export interface AddedPromptVersion {
  readonly version: PromptVersion;
  /** False when the task already held the same content; `version` is then the existing one. */
  readonly created: boolean;
  /** The version of the task that is active after it. */
  readonly activeVersion: number | null;
}

export interface AddVersionOptions {
  /** Also moves the task's pointer, in the same transaction. */
  readonly activate?: boolean;
  readonly actor?: Actor | undefined;
  readonly claim?: OpenClaim | undefined;
}

/** A snapshot for /metrics. */
export interface StoreStats {
  readonly pendingWrites: number;
  /** Of the files in them. */
  readonly pendingBytes: number;
  /** Seconds from the call of a write to its answer, its wait for others included. */
  readonly writeSeconds: Distribution;
  readonly databaseBytes: number;
  /** Of the write-ahead log. */
  readonly walBytes: number;
  /** Null: the store is this server's own. */
  readonly shared: SharedStoreStats | null;
}

/** How a replica stands to the database that it shares. */
export interface SharedStoreStats {
  /** False: it cannot be reached; what is stored here is served, and writes are refused. */
  readonly connected: boolean;
  /** Number of the last write that is known here. */
  readonly seq: number;
  /** Since it was last seen that nothing is missing here. */
  readonly secondsSinceCurrent: number;
}

/**
 * Reads are synchronous (SQLite on the calling thread), and a page ends early when its items are long; every write is durable when its promise resolves. The actor of a
 * write is named in the audit trail; left out: the service itself.
 */
export interface TaskStore {
  getTask(name: string): Task | null;
  /** Tasks in name order. */
  listTasks(options: { readonly limit: number; readonly after?: string }): Page<Task>;
  /** The next names behind `after`, in order: quick, also where the tasks are long. */
  listTaskNames(after: string, limit: number): readonly TaskName[];
  countTasks(): number;
  getVersion(task: string, version: number): PromptVersion | null;
  /** All versions of a task, newest first; `after` is a version number as text. */
  listVersions(
    task: string,
    options: { readonly limit: number; readonly after?: string },
  ): Page<PromptVersion>;
  /** Any version with this content, for reading its file by content key. */
  findByContent(sha256: string, peftType: PeftType): PromptVersion | null;
  /** Tasks that serve, the most recently used first; those never used last, the newest first. */
  recentTasks(limit: number): readonly RecentTask[];
  /** The stored safetensors file, or null. Its hash is checked on every read; a mismatch throws. */
  readFile(sha256: string): Uint8Array | null;

  /** Throws `storage_full` too_many_tasks. */
  putTask(
    name: string,
    metadata: TaskMetadata,
    actor?: Actor,
  ): Promise<{ readonly task: Task; readonly created: boolean }>;
  /** Deletes a task with all its versions. Throws `not_found`. */
  deleteTask(name: string, actor?: Actor): Promise<void>;
  /** What an earlier request with this claim added, or null. Throws `unprocessable` idempotency_key_reused. */
  earlierVersion(claim: OpenClaim): AddedPromptVersion | null;
  /**
   * Adds a version; creates the task when it does not exist. Idempotent by (sha256, peftType, modelHash), and by the
   * claim. Throws `storage_full` too_many_tasks, too_many_versions and task_bytes_exceeded.
   */
  addVersion(version: NewPromptVersion, options?: AddVersionOptions): Promise<AddedPromptVersion>;
  /**
   * Moves the task's pointer in one transaction. `ifMatch` is the sha256 that must be active now.
   * Throws `not_found`, `precondition_failed` active_version_changed.
   */
  activate(task: string, version: number, ifMatch?: string, actor?: Actor): Promise<Task>;
  /**
   * Lets the task serve with a plan; what it served with before can come back. `seen` is what must serve now;
   * null: nothing. Throws `not_found`, `conflict` mixed_models, `precondition_failed` serving_changed.
   */
  serve(task: string, plan: ServingPlan, seen?: ServingPlan | null, actor?: Actor): Promise<Task>;
  /** What the task served with before its last change; null: nothing that could come back. */
  previousPlan(task: string): ServingPlan | null;
  /**
   * Lets the task serve with `previousPlan` again, which must still be `expected`. `seen` is what must serve now.
   * Throws `not_found`, `conflict` nothing_to_roll_back and mixed_models, `precondition_failed` serving_changed.
   */
  rollBack(task: string, expected: ServingPlan, seen?: ServingPlan, actor?: Actor): Promise<Task>;
  /** Throws `not_found`, `conflict` version_active and version_serving. */
  deleteVersion(task: string, version: number, actor?: Actor): Promise<void>;
  /** Remembers when tasks last served a request (Unix milliseconds). Tasks that are gone are left out. */
  recordUses(uses: ReadonlyMap<string, number>): Promise<void>;
  stats(): StoreStats;
  close(): Promise<void>;
}
