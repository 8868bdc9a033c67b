import type {
  JobCheckpoint,
  JobError,
  JobEvent,
  JobPlan,
  JobResult,
  JobSpec,
  JobStatus,
  TrainingFile,
  TrainingJob,
} from '../../domain/training.ts';

export interface FileRow {
  readonly seq: number;
  readonly id: string;
  readonly sha256: string;
  readonly filename: string;
  readonly format: string;
  readonly kind: string;
  readonly bytes: number;
  readonly row_count: number;
  readonly labels: string;
  readonly owner: string | null;
  readonly created_at: number;
}

export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly status: string;
  readonly spec: string;
  readonly plan: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly publishing: number;
  readonly actor_key: string | null;
  readonly actor_request: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
}

export interface EventRow {
  readonly seq: number;
  readonly level: string;
  readonly type: string;
  readonly message: string;
  readonly data: string | null;
  readonly created_at: number;
}

export interface CheckpointRow {
  readonly job: string;
  readonly step: number;
  readonly metrics: string;
  readonly created_at: number;
}

const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

export const toFile = (row: FileRow): TrainingFile => ({
  id: row.id,
  sha256: row.sha256,
  filename: row.filename,
  format: row.format as TrainingFile['format'],
  kind: row.kind as TrainingFile['kind'],
  bytes: row.bytes,
  rows: row.row_count,
  labels: JSON.parse(row.labels) as string[],
  owner: row.owner,
  createdAt: row.created_at,
});

export const toJob = (row: JobRow): TrainingJob => ({
  id: row.id,
  status: row.status as JobStatus,
  spec: toSpec(row.spec),
  plan: parse<JobPlan>(row.plan),
  result: toResult(row.result),
  error: parse<JobError>(row.error),
  publishing: row.publishing !== 0,
  actor: { key: row.actor_key, requestId: row.actor_request },
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});

function toResult(text: string | null): JobResult | null {
  const result = parse<JobResult>(text);
  return result && { ...result, others: result.others ?? [] };
}

/** A job that was stored before there was a choice of methods learns PROMPT_TUNING. */
function toSpec(text: string): JobSpec {
  const spec = JSON.parse(text) as JobSpec;
  const { otherTasks = [], sourceJob = null, config } = spec as JobSpec & Partial<JobSpec>;
  return {
    ...spec,
    otherTasks,
    sourceJob,
    config: { ...config, peft_type: config.peft_type ?? 'PROMPT_TUNING' },
  };
}

export const toEvent = (row: EventRow): JobEvent => ({
  seq: row.seq,
  level: row.level as JobEvent['level'],
  type: row.type as JobEvent['type'],
  message: row.message,
  data: parse<Record<string, unknown>>(row.data),
  createdAt: row.created_at,
});

export const toCheckpoint = (row: CheckpointRow): JobCheckpoint => ({
  job: row.job,
  step: row.step,
  metrics: JSON.parse(row.metrics) as Record<string, number | null>,
  createdAt: row.created_at,
});
