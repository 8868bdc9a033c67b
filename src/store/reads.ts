import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { DomainError } from '../domain/errors.ts';
import type { AddedPromptVersion, Page, TaskStore } from '../domain/store.ts';
import { claimReader } from './claims.ts';
import { type TaskRow, toTask, toVersion, type VersionRow } from './rows.ts';
import { previousPlanReader } from './serving/history.ts';
import { translating } from './sqlite-errors.ts';

export type Reads = Pick<
  TaskStore,
  | 'getTask'
  | 'listTasks'
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
  const recent = db.prepare<[number], TaskRow>(`
    SELECT tasks.* FROM tasks LEFT JOIN task_uses ON task_uses.task = tasks.name
    WHERE active_version IS NOT NULL
    ORDER BY last_used_at DESC NULLS LAST, updated_at DESC, name LIMIT ?`);
  const file = db.prepare<[string], Buffer>('SELECT content FROM blobs WHERE sha256 = ?').pluck();
  const earlier = claimReader(db);
  const previousPlan = previousPlanReader(db);

  return {
    getTask: (name) => translating(() => optional(task.get(name), toTask)),
    listTasks({ limit, after = '' }) {
      const rows = translating(() => tasks.all(after, limit + 1));
      return page(rows.map(toTask), limit, ({ name }) => name);
    },
    countTasks: () => translating(() => taskCount.get() ?? 0),
    getVersion: (name, number) => translating(() => optional(version.get(name, number), toVersion)),
    listVersions(name, { limit, after }) {
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : parseCursor(after);
      const rows = translating(() => versions.all(name, before, limit + 1));
      return page(rows.map(toVersion), limit, (item) => `${item.version}`);
    },
    findByContent: (sha256, peftType) =>
      translating(() => optional(content.get(sha256, peftType), toVersion)),
    previousPlan: (name) => translating(() => previousPlan(name)),
    recentTasks: (limit) => translating(() => recent.all(limit).map(toTask)),
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

/** `items` was read with one more than `limit`, to know whether another page follows. */
function page<T>(items: T[], limit: number, cursor: (item: T) => string): Page<T> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: items.length > limit && last !== undefined ? cursor(last) : null };
}

function parseCursor(after: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(after)) return Number(after);
  throw new DomainError('invalid', 'invalid_cursor', '"after" must be a version number.', {
    param: 'after',
    expected: 'a version number',
    given: after.slice(0, 80),
  });
}
