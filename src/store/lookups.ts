import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';
import type { TaskRow, VersionRow } from './rows.ts';

/** Rows that a write needs. */
export interface Lookups {
  /** Throws `not_found` task_not_found. */
  requireTask(name: string): TaskRow;
  /** Throws `not_found` task_not_found and version_not_found. */
  requireVersion(task: string, version: number): VersionRow;
}

export function lookups(db: Database): Lookups {
  const selectTask = db.prepare<[string], TaskRow>('SELECT * FROM tasks WHERE name = ?');
  const selectVersion = db.prepare<[string, number], VersionRow>(
    'SELECT * FROM prompt_versions WHERE task = ? AND version = ?',
  );

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

  return { requireTask, requireVersion };
}
