import type { PromptHandle } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { classificationOnly } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { Principal } from '../domain/principal.ts';
import { promptHandle } from '../domain/prompt.ts';
import type { SamplingOverrides } from '../domain/sampling.ts';
import type { ModelReference } from '../domain/task.ts';
import { type TaskLookups, visibleLookups } from '../domain/visibility.ts';

/** What a model reference stands for: a prompt version with its task's settings, or the base model alone. */
export interface Target {
  /** `task@version`, or the base model's id. */
  readonly servedBy: string;
  /** The key and the task, or the base model's id: whose turn its requests use up. */
  readonly flow: string;
  /** The API key's name; null: there are no keys. */
  readonly tenant: string | null;
  readonly prompt: PromptHandle | null;
  /** The version's classification head, by the file that holds it; null: it has none. */
  readonly head: { readonly sha256: string; readonly numLabels: number } | null;
  readonly template: string | null;
  readonly labels: readonly string[] | null;
  readonly defaults: SamplingOverrides;
}

/** The request field in which a reference came, for messages. */
export type ReferenceField = 'model' | 'task';

/**
 * Looks a reference up among what the caller is granted. Without a version the active one serves. Throws `not_found` model_not_found or
 * version_not_found, `conflict` no_active_version or model_mismatch.
 */
export function resolveTarget(
  store: TaskLookups,
  model: ModelInfo,
  reference: ModelReference,
  field: ReferenceField,
  caller: Principal,
): Target {
  const { name } = reference;
  const visible = visibleLookups(store, caller);
  const { name: tenant } = caller;
  // A key's name holds no slash.
  const flow = tenant === null ? name : `${tenant}/${name}`;
  if (name === model.id && reference.version === null && caller.allowsTask(name)) {
    const settings = { template: null, labels: null, defaults: {} };
    return { servedBy: model.id, flow, tenant, prompt: null, head: null, ...settings };
  }
  const task = visible.getTask(name);
  if (task === null) {
    throw new DomainError('not_found', 'model_not_found', `There is no task or model "${name}".`, {
      param: field,
      given: name,
    });
  }
  const number = reference.version ?? task.activeVersion;
  if (number === null) {
    throw new DomainError('conflict', 'no_active_version', `Task "${name}" has no active prompt version.`, {
      param: field,
      given: name,
    });
  }
  const version = visible.getVersion(name, number);
  if (version === null) {
    throw new DomainError('not_found', 'version_not_found', `Task "${name}" has no version ${number}.`, {
      param: field,
      given: number,
    });
  }
  if (version.modelHash !== model.hash) {
    throw new DomainError(
      'conflict',
      'model_mismatch',
      `${name}@${number} was made for another model: expected ${model.hash}, given ${version.modelHash}.`,
      { param: field, expected: model.hash, given: version.modelHash },
    );
  }
  const { sha256, numLabels } = version;
  return {
    servedBy: `${name}@${number}`,
    flow,
    tenant,
    prompt: promptHandle(version),
    head: numLabels === null ? null : { sha256, numLabels },
    template: task.template,
    labels: task.labels,
    defaults: task.defaults ?? {},
  };
}

/** Throws `unprocessable` classification_only for a version with a classification head: it predicts no text. */
export function assertGenerates({ servedBy, head }: Target, field: ReferenceField): void {
  if (head !== null) throw classificationOnly(servedBy, field);
}
