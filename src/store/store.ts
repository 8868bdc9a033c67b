import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { AuditTrail } from '../domain/audit.ts';
import type { Inspection } from '../domain/data-care.ts';
import { SERVICE } from '../domain/principal.ts';
import type { TaskStore } from '../domain/store.ts';
import { assertTaskName } from '../domain/task.ts';
import type { TrainingStore } from '../domain/training-store.ts';
import { createAuditReads } from './audit.ts';
import { runCare } from './care/care.ts';
import { claimData, resultOf } from './claims.ts';
import { openForReading } from './connection.ts';
import { createTrainingReads } from './learning/reads.ts';
import { createTrainingStore, type SweepingStore } from './learning/store.ts';
import { NO_LIMITS, type StoreLimits } from './limits.ts';
import { createReads, type Reads } from './reads.ts';
import { Replica, type SharedOptions } from './shared/store.ts';
import type { Retention } from './tidy.ts';
import { type WatchWrite, WriterClient, type WriterLimits } from './writer-client.ts';

/** The part of a pino logger that the store uses. */
interface StoreLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface StoreOptions extends Partial<WriterLimits> {
  /**
   * Path of the database, or of the mirror of a shared one; it and its directories are created when they do not exist.
   */
  readonly file: string;
  /** The database that replicas share: it holds the truth, and `file` what is read. */
  readonly shared?: SharedOptions | undefined;
  /** Largest size of the database file; beyond it writes are refused with `storage_full`. */
  readonly maxBytes?: number;
  /** Those left out do not limit anything. */
  readonly limits?: Partial<StoreLimits>;
  readonly log?: StoreLog;
  /** Told of every write when it is asked for; calls what it gets when the write has its answer. */
  readonly watchWrite?: WatchWrite | undefined;
}

/** Tasks and prompts, and all that learning them needs. */
export interface Store extends TaskStore, AuditTrail {
  readonly training: TrainingStore;
  /**
   * Removes what is not kept any longer and contents that no file has, in small pieces between the writes of others, and
   * gives the room back. Ends between two pieces when it is aborted.
   */
  tidy(retention: Retention, signal?: AbortSignal): Promise<void>;
  /** Compares every content with its hash, in a thread that leaves room for others. Rejects when it is aborted. */
  inspect(signal: AbortSignal): Promise<Inspection>;
}

/**
 * Opens the store and brings its schema up to date. Reads run on the calling thread, writes on a thread of
 * their own. Throws `unprocessable` for a file that is damaged, of another program, or of a newer version; of a shared
 * database also `conflict` replica_model_differs, and `unavailable` when it cannot be reached and there is no mirror yet.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { maxBytes = null, maxPendingWrites = 256, maxPendingBytes = 256 * 2 ** 20, log } = options;
  const file = resolve(options.file);
  const data = { file, maxBytes, limits: { ...NO_LIMITS, ...options.limits } };
  const replica = options.shared ? new Replica(options.shared, log) : null;
  const { client, applied } = await WriterClient.start({
    data: replica === null ? data : { ...data, ...replica.identity },
    limits: { maxPendingWrites, maxPendingBytes },
    onFailure: (error) => log?.error({ err: error }, 'the thread that writes has failed'),
    watchWrite: options.watchWrite,
    ...(replica && { onLooked: replica.looked }),
  });
  if (applied.length > 0) log?.info({ file, applied }, 'migrated the database');
  // Opened second: a connection that only reads cannot create the file or its write-ahead log.
  const { db, reads, training, audit } = await openReads(file, client, replica);

  return {
    ...reads,
    ...audit,
    training,
    async putTask(name, metadata, actor = SERVICE) {
      assertTaskName(name);
      return client.call('putTask', [name, metadata, actor]);
    },
    async addVersion(version, { activate = false, actor = SERVICE, claim } = {}) {
      assertTaskName(version.task);
      // A copy, because the caller may go on using a buffer that others share.
      const copy = new Uint8Array(version.file);
      const data = claim ? claimData(claim) : null;
      const write = { ...version, file: copy };
      const added = client.call('addVersion', [write, activate, actor, data], copy.length, [copy.buffer]);
      return resultOf(await added, claim);
    },
    deleteTask: (name, actor = SERVICE) => client.call('deleteTask', [name, actor]),
    activate: (task, version, ifMatch, actor = SERVICE) =>
      client.call('activate', [task, version, ifMatch, actor]),
    serve: (task, plan, seen, actor = SERVICE) => client.call('serve', [task, plan, seen, actor]),
    rollBack: (task, expected, seen, actor = SERVICE) =>
      client.call('rollBack', [task, expected, seen, actor]),
    deleteVersion: (task, version, actor = SERVICE) => client.call('deleteVersion', [task, version, actor]),
    recordUses: (uses) => client.call('recordUses', [uses]),
    async tidy(retention, signal) {
      while (!signal?.aborted && (await client.call('tidy', [retention])));
      if (!signal?.aborted) await training.sweep();
    },
    inspect: (signal) => runCare({ kind: 'inspect', database: file, gently: true }, { signal }),
    stats: () => ({
      ...client.stats(),
      databaseBytes: sizeOf(file),
      walBytes: sizeOf(`${file}-wal`),
      shared: replica?.stats() ?? null,
    }),
    async close() {
      // The last connection to close empties the write-ahead log into the file, and only a writer can.
      db.close();
      await client.close();
      await replica?.close();
    },
  };
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

interface Opened {
  readonly db: Database;
  readonly reads: Reads;
  readonly training: SweepingStore;
  readonly audit: AuditTrail;
}

async function openReads(file: string, client: WriterClient, shared: Replica | null): Promise<Opened> {
  try {
    const db = openForReading(file);
    const parts = { database: file, reads: createTrainingReads(db), client, shared };
    const training = await createTrainingStore(parts);
    return { db, reads: createReads(db), training, audit: createAuditReads(db) };
  } catch (error) {
    await client.close();
    await shared?.close();
    throw error;
  }
}
