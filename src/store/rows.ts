import type { PeftType } from '../domain/peft.ts';
import type { AdapterConfig, PromptVersion } from '../domain/prompt.ts';
import type { SamplingOverrides } from '../domain/sampling.ts';
import { decodePlan, type ServingPlan, singleVersion } from '../domain/serving.ts';
import type { Task } from '../domain/task.ts';

/** A row of `tasks`. */
export interface TaskRow {
  readonly name: string;
  readonly description: string | null;
  readonly template: string | null;
  readonly labels: string | null;
  readonly defaults: string | null;
  readonly active_version: number | null;
  readonly serving: string | null;
  readonly created_key: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** A row of `prompt_versions`. */
export interface VersionRow {
  readonly task: string;
  readonly version: number;
  readonly sha256: string;
  readonly peft_type: string;
  readonly num_virtual_tokens: number;
  readonly token_dim: number;
  readonly num_labels: number | null;
  readonly bytes: number;
  readonly model_hash: string;
  readonly config: string;
  readonly created_at: number;
}

export function toTask(row: TaskRow): Task {
  return {
    name: row.name,
    description: row.description,
    template: row.template,
    labels: row.labels === null ? null : (JSON.parse(row.labels) as string[]),
    defaults: row.defaults === null ? null : (JSON.parse(row.defaults) as SamplingOverrides),
    activeVersion: row.active_version,
    serving: planOf(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What the task serves with; null: nothing. */
export function planOf({
  serving,
  active_version: active,
}: Pick<TaskRow, 'serving' | 'active_version'>): ServingPlan | null {
  if (serving !== null) return decodePlan(serving);
  return active === null ? null : singleVersion(active);
}

export function toVersion(row: VersionRow): PromptVersion {
  return {
    task: row.task,
    version: row.version,
    sha256: row.sha256,
    peftType: row.peft_type as PeftType,
    numVirtualTokens: row.num_virtual_tokens,
    tokenDim: row.token_dim,
    numLabels: row.num_labels,
    bytes: row.bytes,
    modelHash: row.model_hash,
    config: JSON.parse(row.config) as AdapterConfig,
    createdAt: row.created_at,
  };
}
