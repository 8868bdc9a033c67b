import type { Database } from 'better-sqlite3';
import type { Claim } from '../domain/idempotency.ts';
import type { Actor } from '../domain/principal.ts';
import type { AddedPromptVersion, NewPromptVersion } from '../domain/store.ts';
import type { Task, TaskMetadata } from '../domain/task.ts';
import { auditWriter } from './audit.ts';
import { claimWriter, type Once } from './claims.ts';
import { createTrainingWrites, type TrainingWrites } from './learning/writes.ts';
import { createRoom, type StoreLimits } from './limits.ts';
import { lookups } from './lookups.ts';
import { type TaskRow, toTask, toVersion, type VersionRow } from './rows.ts';
import { createServingWrites, type ServingWrites } from './serving/writes.ts';
import { createTidyWrites, type TidyWrites } from './tidy.ts';
import { transaction } from './transaction.ts';

/** The writing half of the store, as the writer thread runs it. Each method is one durable transaction. */
export interface Writes extends TrainingWrites, TidyWrites, ServingWrites {
  putTask(
    name: string,
    metadata: TaskMetadata,
    actor: Actor,
  ): { readonly task: Task; readonly created: boolean };
  deleteTask(name: string, actor: Actor): void;
  addVersion(
    version: NewPromptVersion,
    activate: boolean,
    actor: Actor,
    claim: Claim | null,
  ): Once<AddedPromptVersion>;
  deleteVersion(task: string, version: number, actor: Actor): void;
  recordUses(uses: ReadonlyMap<string, number>): void;
}

export function createWrites(db: Database, limits: StoreLimits): Writes {
  const audit = auditWriter(db, limits.maxAuditEntries);
  const room = createRoom(db, limits);
  const selectTask = db.prepare<[string], TaskRow>('SELECT * FROM tasks WHERE name = ?');
  const upsertTask = db.prepare<[Omit<TaskRow, 'active_version' | 'serving'>], TaskRow>(`
    INSERT INTO tasks (name, description, template, labels, defaults, created_key, created_at, updated_at)
    VALUES (:name, :description, :template, :labels, :defaults, :created_key, :created_at, :updated_at)
    ON CONFLICT (name) DO UPDATE SET description = excluded.description, template = excluded.template,
      labels = excluded.labels, defaults = excluded.defaults, updated_at = excluded.updated_at
    RETURNING *`);
  const insertTask = db.prepare<[string, string | null, number, number]>(
    'INSERT INTO tasks (name, created_key, created_at, updated_at) VALUES (?, ?, ?, ?)',
  );
  const deleteTask = db.prepare<[string]>('DELETE FROM tasks WHERE name = ?');

  // Uploading the same bytes again repairs a file that the disk has damaged.
  const upsertBlob = db.prepare<[string, Uint8Array]>(`
    INSERT INTO blobs (sha256, content) VALUES (?, ?)
    ON CONFLICT (sha256) DO UPDATE SET content = excluded.content WHERE content <> excluded.content`);
  const nextVersion = db
    .prepare<[string], number>(`
      INSERT INTO version_counters (task, last) VALUES (?, 1)
      ON CONFLICT (task) DO UPDATE SET last = last + 1 RETURNING last`)
    .pluck();
  const selectSame = db.prepare<[string, string, string, string], VersionRow>(
    'SELECT * FROM prompt_versions WHERE task = ? AND sha256 = ? AND peft_type = ? AND model_hash = ?',
  );
  const insertVersion = db.prepare<[VersionRow]>(`
    INSERT INTO prompt_versions (task, version, sha256, peft_type, num_virtual_tokens, token_dim, num_labels,
      bytes, model_hash, config, created_at)
    VALUES (:task, :version, :sha256, :peft_type, :num_virtual_tokens, :token_dim, :num_labels,
      :bytes, :model_hash, :config, :created_at)`);
  const deleteVersion = db.prepare<[string, number]>(
    'DELETE FROM prompt_versions WHERE task = ? AND version = ?',
  );

  const upsertUse = db.prepare<[number, string]>(`
    INSERT INTO task_uses (task, last_used_at) SELECT name, ? FROM tasks WHERE name = ?
    ON CONFLICT (task) DO UPDATE SET last_used_at = excluded.last_used_at`);

  const once = claimWriter(db);
  const { requireTask, requireVersion } = lookups(db);
  const serving = createServingWrites(db, audit);

  function ensureTask(name: string, { key }: Actor, now: number): void {
    if (selectTask.get(name) !== undefined) return;
    room.forTask(key);
    insertTask.run(name, key, now, now);
  }

  function addVersion(
    added: NewPromptVersion,
    actor: Actor,
  ): Pick<AddedPromptVersion, 'version' | 'created'> {
    const now = Date.now();
    const { task, sha256, peftType, modelHash, file } = added;
    ensureTask(task, actor, now);
    upsertBlob.run(sha256, file);
    const same = selectSame.get(task, sha256, peftType, modelHash);
    if (same !== undefined) return { version: toVersion(same), created: false };
    room.forVersion(task, file.length);
    const row: VersionRow = {
      task,
      version: nextVersion.get(task)!,
      sha256,
      peft_type: peftType,
      num_virtual_tokens: added.numVirtualTokens,
      token_dim: added.tokenDim,
      num_labels: added.numLabels,
      bytes: file.length,
      model_hash: modelHash,
      config: JSON.stringify(added.config),
      created_at: now,
    };
    insertVersion.run(row);
    audit('prompt.upload', actor, { task, version: row.version, sha256 });
    return { version: toVersion(row), created: true };
  }

  return {
    ...createTrainingWrites(db, limits, audit),
    ...createTidyWrites(db),
    serve: serving.serve,
    activate: serving.activate,
    rollBack: serving.rollBack,
    putTask: transaction(db, (name, { description, template, labels, defaults }, actor) => {
      const now = Date.now();
      const created = selectTask.get(name) === undefined;
      if (created) room.forTask(actor.key);
      const row = upsertTask.get({
        name,
        description,
        template,
        labels: labels === null ? null : JSON.stringify(labels),
        defaults: defaults === null ? null : JSON.stringify(defaults),
        created_key: actor.key,
        created_at: now,
        updated_at: now,
      });
      audit('task.put', actor, { task: name });
      return { task: toTask(row!), created };
    }),

    deleteTask: transaction(db, (name, actor) => {
      requireTask(name);
      deleteTask.run(name);
      audit('task.delete', actor, { task: name });
    }),

    addVersion: transaction(db, (added, activate, actor, claim) =>
      once(claim, () => {
        const { version, created } = addVersion(added, actor);
        const active = activate ? serving.point(added.task, version, actor) : requireTask(added.task);
        return { version, created, activeVersion: active.active_version };
      }),
    ),

    deleteVersion: transaction(db, (task, version, actor) => {
      const { sha256 } = requireVersion(task, version);
      serving.release(task, version);
      deleteVersion.run(task, version);
      audit('prompt.delete', actor, { task, version, sha256 });
    }),

    recordUses: transaction(db, (uses) => {
      for (const [task, time] of uses) upsertUse.run(time, task);
    }),
  };
}
