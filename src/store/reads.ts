import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';
import type { AddedPromptVersion, TaskName, TaskStore } from '../domain/store.ts';
import { claimReader } from './claims.ts';
import { readPage } from './page.ts';
import { planOf, type TaskRow, toTask, toVersion, type VersionRow } from './rows.ts';
import { previousPlanReader } from './serving/history.ts';
import { translating } from './sqlite-errors.ts';

export type Reads = Pick<
  TaskStore,
  | 'getTask'
  | 'listTasks'
  | 'listTaskNames'
  | 'countTasks'
  | 'getVersion'
  | 'listVersions'
  | 'findByContent'
  | 'recentTasks'
  | 'previousPlan'
  | 'earlierVersion'
  | 'readFile'
>;

/** The reading half of the store. Each method is one statement, so it sees one committed state. */
export function createReads(db: Database): Reads {
  const task = db.prepare<[string], TaskRow>('SELECT * FROM tasks WHERE name = ?');
  const tasks = db.prepare<[string, number], TaskRow>(
    'SELECT * FROM tasks WHERE name > ? ORDER BY name LIMIT ?',
  );
  const taskNames = db.prepare<[string, number], TaskName>(
    'SELECT name, created_at AS createdAt FROM tasks WHERE name > ? ORDER BY name LIMIT ?',
  );
  const taskCount = db.prepare<[], number>('SELECT count(*) FROM tasks').pluck();
  const version = db.prepare<[string, number], VersionRow>(
    'SELECT * FROM prompt_versions WHERE task = ? AND version = ?',
  );
  const versions = db.prepare<[string, number, number], VersionRow>(
    'SELECT * FROM prompt_versions WHERE task = ? AND version < ? ORDER BY version DESC LIMIT ?',
  );
  const content = db.prepare<[string, string], VersionRow>(
    'SELECT * FROM prompt_versions WHERE sha256 = ? AND peft_type = ? LIMIT 1',
  );
  const recent = db.prepare<[number], Pick<TaskRow, 'name' | 'active_version' | 'serving'>>(`
    SELECT name, active_version, serving FROM tasks LEFT JOIN task_uses ON task_uses.task = tasks.name
    WHERE active_version IS NOT NULL
    ORDER BY last_used_at DESC NULLS LAST, updated_at DESC, name LIMIT ?`);
  const file = db.prepare<[string], Buffer>('SELECT content FROM blobs WHERE sha256 = ?').pluck();
  const earlier = claimReader(db);
  const previousPlan = previousPlanReader(db);

  return {
    getTask: (name) => translating(() => optional(task.get(name), toTask)),
    listTasks: ({ limit, after = '' }) =>
      translating(() => readPage(tasks.iterate(after, limit + 1), limit, toTask, ({ name }) => name)),
    listTaskNames: (after, limit) => translating(() => taskNames.all(after, limit)),
    countTasks: () => translating(() => taskCount.get() ?? 0),
    getVersion: (name, number) => translating(() => optional(version.get(name, number), toVersion)),
    listVersions(name, { limit, after }) {
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : parseCursor(after);
      return translating(() =>
        readPage(versions.iterate(name, before, limit + 1), limit, toVersion, (item) => `${item.version}`),
      );
    },
    findByContent: (sha256, peftType) =>
      translating(() => optional(content.get(sha256, peftType), toVersion)),
    previousPlan: (name) => translating(() => previousPlan(name)),
    recentTasks: (limit) =>
      translating(() => recent.all(limit).map((row) => ({ name: row.name, serving: planOf(row) }))),
    earlierVersion(claim) {
      const found = translating(() => earlier(claim)) as AddedPromptVersion | null;
      if (found !== null) claim.onReplay();
      return found;
    },
    readFile(sha256) {
      const bytes = translating(() => file.get(sha256));
      if (bytes === undefined) return null;
      const given = createHash('sha256').update(bytes).digest('hex');
      if (given !== sha256) {
        throw new DomainError(
          'internal',
          'prompt_damaged',
          `The stored file ${sha256} is damaged. Upload the same file again to repair it.`,
          { expected: sha256, given },
        );
      }
      return bytes;
    },
  };
}

function optional<Row, T>(row: Row | undefined, convert: (row: Row) => T): T | null {
  return row === undefined ? null : convert(row);
}

function parseCursor(after: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(after)) return Number(after);
  throw new DomainError('invalid', 'invalid_cursor', '"after" must be a version number.', {
    param: 'after',
    expected: 'a version number',
    given: after.slice(0, 80),
  });
}
