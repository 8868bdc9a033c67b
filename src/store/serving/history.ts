import type { Database } from 'better-sqlite3';
import {
  decodePlan,
  encodePlan,
  nothingToRollBack,
  plannedVersions,
  type ServingPlan,
} from '../../domain/serving.ts';
import { planOf, type TaskRow } from '../rows.ts';

/** Plans of a task that are kept to go back to. */
const MOST_PREVIOUS = 50;

interface PreviousRow {
  readonly seq: number;
  readonly plan: string;
}

/** What tasks served with before, inside the transaction under way. */
export interface ServingHistory {
  /** Notes what a task serves with now, before it is replaced by another plan. */
  keep(task: TaskRow): void;
  /** Takes the latest plan that was kept. Throws `conflict` nothing_to_roll_back. */
  take(task: string): ServingPlan;
  /**
   * Plans with a version that goes cannot come back. Of those that are left, none is the same as the one behind it, or as
   * what serves: each roll back is a change.
   */
  forget(task: TaskRow, version: number): void;
}

export function servingHistory(db: Database): ServingHistory {
  const insert = db.prepare<[string, string, number]>(
    'INSERT INTO serving_history (task, plan, created_at) VALUES (?, ?, ?)',
  );
  const trim = db.prepare<[string, string, number]>(`
    DELETE FROM serving_history WHERE task = ? AND seq NOT IN (
      SELECT seq FROM serving_history WHERE task = ? ORDER BY seq DESC LIMIT ?)`);
  const all = db.prepare<[string], PreviousRow>(
    'SELECT seq, plan FROM serving_history WHERE task = ? ORDER BY seq DESC',
  );
  const latest = latestOf(db);
  const remove = db.prepare<[number]>('DELETE FROM serving_history WHERE seq = ?');
  return {
    keep(task) {
      const now = planOf(task);
      if (now === null) return;
      insert.run(task.name, encodePlan(now), Date.now());
      trim.run(task.name, task.name, MOST_PREVIOUS);
    },
    take(task) {
      const row = latest.get(task);
      if (row === undefined) throw nothingToRollBack(task);
      remove.run(row.seq);
      return decodePlan(row.plan);
    },
    forget(task, version) {
      const now = planOf(task);
      let later = now && encodePlan(now);
      for (const { seq, plan } of all.all(task.name)) {
        if (plan === later || plannedVersions(decodePlan(plan)).includes(version)) remove.run(seq);
        else later = plan;
      }
    },
  };
}

const latestOf = (db: Database) =>
  db.prepare<[string], PreviousRow>(
    'SELECT seq, plan FROM serving_history WHERE task = ? ORDER BY seq DESC LIMIT 1',
  );

/** Reads the plan to which a task would be rolled back; null: there is none. */
export function previousPlanReader(db: Database): (task: string) => ServingPlan | null {
  const latest = latestOf(db);
  return (task) => {
    const row = latest.get(task);
    return row === undefined ? null : decodePlan(row.plan);
  };
}
