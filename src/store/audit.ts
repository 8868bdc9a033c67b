import type { Database } from 'better-sqlite3';
import type { AuditAction, AuditEntry, AuditTrail } from '../domain/audit.ts';
import type { Actor } from '../domain/principal.ts';
import { translating } from './sqlite-errors.ts';

interface AuditRow {
  readonly seq: number;
  readonly action: string;
  readonly key: string | null;
  readonly request_id: string | null;
  readonly task: string | null;
  readonly version: number | null;
  readonly sha256: string | null;
  readonly subject: string | null;
  readonly created_at: number;
}

/** Adds one entry to the transaction under way. */
export type Audit = (
  action: AuditAction,
  actor: Actor,
  what: Partial<Pick<AuditEntry, 'task' | 'version' | 'sha256' | 'subject'>>,
) => void;

/** @param most the oldest entries beyond this number are dropped */
export function auditWriter(db: Database, most: number): Audit {
  const insert = db.prepare<[Omit<AuditRow, 'seq'>]>(`
    INSERT INTO audit (action, key, request_id, task, version, sha256, subject, created_at)
    VALUES (:action, :key, :request_id, :task, :version, :sha256, :subject, :created_at)`);
  const trim = db.prepare<[number]>('DELETE FROM audit WHERE seq <= ?');
  return (action, { key, requestId }, { task = null, version = null, sha256 = null, subject = null }) => {
    const row = { action, key, request_id: requestId, task, version, sha256, subject };
    const { lastInsertRowid } = insert.run({ ...row, created_at: Date.now() });
    trim.run(Number(lastInsertRowid) - most);
  };
}

export function createAuditReads(db: Database): AuditTrail {
  const select = (where: string) =>
    db.prepare<[{ before: number; since: number; limit: number; task: string | null }], AuditRow>(`
      SELECT * FROM audit WHERE seq < :before AND created_at >= :since ${where} ORDER BY seq DESC LIMIT :limit`);
  const all = select('AND :task IS NULL');
  const ofTask = select('AND task = :task');
  return {
    listAudit({ limit, after = Number.MAX_SAFE_INTEGER, task = null, since = 0 }) {
      const statement = task === null ? all : ofTask;
      const rows = translating(() => statement.all({ before: after, since, limit: limit + 1, task }));
      const items = rows.slice(0, limit).map(toEntry);
      return { items, next: rows.length > limit ? `${items.at(-1)!.seq}` : null };
    },
  };
}

const toEntry = (row: AuditRow): AuditEntry => ({
  seq: row.seq,
  action: row.action as AuditAction,
  key: row.key,
  requestId: row.request_id,
  task: row.task,
  version: row.version,
  sha256: row.sha256,
  subject: row.subject,
  createdAt: row.created_at,
});
