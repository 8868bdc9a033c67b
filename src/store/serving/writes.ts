import type { Database } from 'better-sqlite3';
import { DomainError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/principal.ts';
import {
  answeringVersions,
  encodePlan,
  isSamePlan,
  leadingVersion,
  plannedVersions,
  type ServingPlan,
  singleVersion,
} from '../../domain/serving.ts';
import type { Task } from '../../domain/task.ts';
import type { Audit } from '../audit.ts';
import { lookups } from '../lookups.ts';
import { planOf, type TaskRow, toTask } from '../rows.ts';
import { transaction } from '../transaction.ts';
import { servingHistory } from './history.ts';

/** What tasks serve with. Each method is one durable transaction. */
export interface ServingWrites {
  activate(task: string, version: number, ifMatch: string | undefined, actor: Actor): Task;
  serve(task: string, plan: ServingPlan, seen: ServingPlan | null | undefined, actor: Actor): Task;
  rollBack(task: string, expected: ServingPlan, seen: ServingPlan | undefined, actor: Actor): Task;
}

/** For the transaction of another write. */
export interface ServingSteps {
  /** Lets the task serve with one version; nothing changes if it does. */
  point(task: string, version: { readonly version: number; readonly sha256: string }, actor: Actor): TaskRow;
  /** Before a version goes. Throws `conflict` version_active, or version_serving for a part of a plan of several. */
  release(task: string, version: number): void;
}

export function createServingWrites(db: Database, audit: Audit): ServingWrites & ServingSteps {
  const history = servingHistory(db);
  const { requireTask, requireVersion } = lookups(db);
  const setPlan = db.prepare<[number, string | null, number, string], TaskRow>(
    'UPDATE tasks SET active_version = ?, serving = ?, updated_at = ? WHERE name = ? RETURNING *',
  );

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
    point,

    release(task, version) {
      const row = requireTask(task);
      assertNotServing(task, planOf(row), version);
      history.forget(row, version);
    },

    activate: transaction(db, (task, version, ifMatch, actor) => {
      const { sha256 } = requireVersion(task, version);
      const { active_version: active } = requireTask(task);
      const given = active === null ? null : requireVersion(task, active).sha256;
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

    rollBack: transaction(db, (task, expected, seen, actor) => {
      assertUnchanged(requireTask(task), seen);
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
  };
}

/** Throws `precondition_failed` serving_changed unless the task serves with what the caller has seen. */
function assertUnchanged(task: TaskRow, seen: ServingPlan | null | undefined): void {
  if (seen === undefined) return;
  const now = planOf(task);
  if (seen === null ? now === null : isSamePlan(now, seen)) return;
  throw new DomainError(
    'precondition_failed',
    'serving_changed',
    `Task "${task.name}" serves with something else by now.`,
    { param: 'If-Match', expected: seen, given: now },
  );
}

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
