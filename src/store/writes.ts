import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';
import type { Claim } from '../domain/idempotency.ts';
import type { Actor } from '../domain/principal.ts';
import {
  answeringVersions,
  encodePlan,
  isSamePlan,
  leadingVersion,
  plannedVersions,
  type ServingPlan,
  singleVersion,
} from '../domain/serving.ts';
import type { AddedPromptVersion, NewPromptVersion } from '../domain/store.ts';
import type { Task, TaskMetadata } from '../domain/task.ts';
import { auditWriter } from './audit.ts';
import { claimWriter, type Once } from './claims.ts';
import { createTrainingWrites, type TrainingWrites } from './learning/writes.ts';
import { createRoom, type StoreLimits } from './limits.ts';
import { planOf, type TaskRow, toTask, toVersion, type VersionRow } from './rows.ts';
import { assertUnchanged, servingHistory } from './serving.ts';
import { createTidyWrites, type TidyWrites } from './tidy.ts';
import { transaction } from './transaction.ts';

/** The writing half of the store, as the writer thread runs it. Each method is one durable transaction. */
export interface Writes extends TrainingWrites, TidyWrites {
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
  activate(task: string, version: number, ifMatch: string | undefined, actor: Actor): Task;
  serve(task: string, plan: ServingPlan, seen: ServingPlan | undefined, actor: Actor): Task;
  rollBack(task: string, expected: ServingPlan, actor: Actor): Task;
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
  const setPlan = db.prepare<[number, string | null, number, string], TaskRow>(
    'UPDATE tasks SET active_version = ?, serving = ?, updated_at = ? WHERE name = ? RETURNING *',
  );

  // Uploading the same bytes again repairs a file that the disk has damaged.
  const upsertBlob = db.prepare<[string, Uint8Array]>(`
    INSERT INTO blobs (sha256, content) VALUES (?, ?)
    ON CONFLICT (sha256) DO UPDATE SET content = excluded.content WHERE content <> excluded.content`);
  const nextVersion = db
    .prepare<[string], number>(`
      INSERT INTO version_counters (task, last) VALUES (?, 1)
      ON CONFLICT (task) DO UPDATE SET last = last + 1 RETURNING last`)
    .pluck();
  const selectVersion = db.prepare<[string, number], VersionRow>(
    'SELECT * FROM prompt_versions WHERE task = ? AND version = ?',
  );
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
  const history = servingHistory(db);

  function ensureTask(name: string, { key }: Actor, now: number): void {
    if (selectTask.get(name) !== undefined) return;
    room.forTask(key);
    insertTask.run(name, key, now, now);
  }

  function requireTask(name: string): TaskRow {
    const row = selectTask.get(name);
    if (row === undefined) {
      throw new DomainError('not_found', 'task_not_found', `There is no task ${name}.`, {
        param: 'task',
        given: name,
      });
    }
    return row;
  }

  function requireVersion(task: string, version: number): VersionRow {
    requireTask(task);
    const row = selectVersion.get(task, version);
    if (row === undefined) {
      throw new DomainError('not_found', 'version_not_found', `Task ${task} has no version ${version}.`, {
        param: 'version',
        given: version,
      });
    }
    return row;
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

  function setServing(task: string, plan: ServingPlan): TaskRow {
    const alone = plan.type === 'version' && plan.shadow === null;
    return setPlan.get(leadingVersion(plan), alone ? null : encodePlan(plan), Date.now(), task)!;
  }

  /** Lets the task serve with one version; nothing changes if it does. */
  function point(
    task: string,
    { version, sha256 }: { version: number; sha256: string },
    actor: Actor,
  ): TaskRow {
    const plan = singleVersion(version);
    const row = requireTask(task);
    if (isSamePlan(planOf(row), plan)) return row;
    history.keep(row);
    audit('prompt.activate', actor, { task, version, sha256 });
    return setServing(task, plan);
  }

  /** Throws `conflict` mixed_models: versions that were made for another model than the others cannot serve with them. */
  function requirePlanned(task: string, plan: ServingPlan): void {
    const rows = plannedVersions(plan).map((version) => requireVersion(task, version));
    const other = rows.find(({ model_hash: model }) => model !== rows[0]!.model_hash);
    if (other === undefined) return;
    const message = `Versions ${rows[0]!.version} and ${other.version} of ${task} were made for different models.`;
    const [expected, given] = [rows[0]!.model_hash, other.model_hash];
    throw new DomainError('conflict', 'mixed_models', message, { param: 'plan', expected, given });
  }

  return {
    ...createTrainingWrites(db, limits, audit),
    ...createTidyWrites(db),
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
        const active = activate ? point(added.task, version, actor) : requireTask(added.task);
        return { version, created, activeVersion: active.active_version };
      }),
    ),

    activate: transaction(db, (task, version, ifMatch, actor) => {
      const { sha256 } = requireVersion(task, version);
      const { active_version: active } = requireTask(task);
      const given = active === null ? null : (selectVersion.get(task, active)?.sha256 ?? null);
      if (ifMatch !== undefined && ifMatch !== given) {
        throw new DomainError(
          'precondition_failed',
          'active_version_changed',
          `Another version of ${task} is active than If-Match names.`,
          { param: 'If-Match', expected: ifMatch, given },
        );
      }
      return toTask(point(task, { version, sha256 }, actor));
    }),

    serve: transaction(db, (task, plan, seen, actor) => {
      const now = requireTask(task);
      assertUnchanged(now, seen);
      requirePlanned(task, plan);
      if (isSamePlan(planOf(now), plan)) return toTask(now);
      history.keep(now);
      audit('serving.change', actor, { task, version: leadingVersion(plan), subject: encodePlan(plan) });
      return toTask(setServing(task, plan));
    }),

    rollBack: transaction(db, (task, expected, actor) => {
      requireTask(task);
      const plan = history.take(task);
      if (!isSamePlan(plan, expected)) {
        throw new DomainError(
          'precondition_failed',
          'serving_changed',
          `What task "${task}" served with before is something else by now.`,
          { param: 'task', expected, given: plan },
        );
      }
      requirePlanned(task, plan);
      audit('serving.roll_back', actor, { task, version: leadingVersion(plan), subject: encodePlan(plan) });
      return toTask(setServing(task, plan));
    }),

    deleteVersion: transaction(db, (task, version, actor) => {
      const { sha256 } = requireVersion(task, version);
      assertNotServing(task, planOf(requireTask(task)), version);
      history.forget(task, version);
      deleteVersion.run(task, version);
      audit('prompt.delete', actor, { task, version, sha256 });
    }),

    recordUses: transaction(db, (uses) => {
      for (const [task, time] of uses) upsertUse.run(time, task);
    }),
  };
}

/** Throws `conflict` version_active, or version_serving for a part of an ensemble, a split, or a shadow. */
function assertNotServing(task: string, plan: ServingPlan | null, version: number): void {
  if (plan === null || !plannedVersions(plan).includes(version)) return;
  const alone = plan.type === 'version' && answeringVersions(plan).includes(version);
  const what = alone ? 'is active' : `is part of what the task serves with (${describe(plan, version)})`;
  throw new DomainError(
    'conflict',
    alone ? 'version_active' : 'version_serving',
    `Version ${version} of ${task} ${what}.`,
    { param: 'version', expected: 'a version that does not serve', given: version },
  );
}

const describe = (plan: ServingPlan, version: number): string =>
  plan.shadow === version ? 'as its shadow' : `in its ${plan.type}`;
