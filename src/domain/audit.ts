import type { Actor } from './principal.ts';
import type { Page } from './store.ts';

export const AUDIT_ACTIONS = [
  'task.put',
  'task.delete',
  'prompt.upload',
  'prompt.activate',
  'serving.change',
  'serving.roll_back',
  'prompt.delete',
  'file.upload',
  'file.delete',
  'job.create',
  'job.cancel',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One change of what is stored, written in the same transaction as the change. */
export interface AuditEntry extends Actor {
  /** 1, 2, 3, ... */
  readonly seq: number;
  readonly action: AuditAction;
  readonly task: string | null;
  readonly version: number | null;
  /** Of the content that was uploaded, activated or deleted. */
  readonly sha256: string | null;
  /** Id of the file or the job, or the serving plan as JSON. */
  readonly subject: string | null;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface AuditQuery {
  readonly limit: number;
  /** The sequence number of the last entry of the page before. */
  readonly after?: number;
  readonly task?: string;
  /** Unix milliseconds of the earliest change. */
  readonly since?: number;
}

export interface AuditTrail {
  /** Newest first. */
  listAudit(query: AuditQuery): Page<AuditEntry>;
}
