import type { PromptHandle } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { classificationOnly } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import { promptHandle } from '../domain/prompt.ts';
import type { SamplingOverrides } from '../domain/sampling.ts';
import type { TaskStore } from '../domain/store.ts';
import type { ModelReference } from '../domain/task.ts';

/** What a model reference stands for: a prompt version with its task's settings, or the base model alone. */
export interface Target {
  /** `task@version`, or the base model's id. */
  readonly servedBy: string;
  /** The task, or the base model's id: whose turn its requests use up. */
  readonly flow: string;
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
 * Looks a reference up. Without a version the active one serves. Throws `not_found` model_not_found or
 * version_not_found, `conflict` no_active_version or model_mismatch.
 */
export function resolveTarget(
  store: Pick<TaskStore, 'getTask' | 'getVersion'>,
  model: ModelInfo,
  reference: ModelReference,
  field: ReferenceField,
): Target {
  const { name } = reference;
  if (name === model.id && reference.version === null) {
    const settings = { template: null, labels: null, defaults: {} };
    return { servedBy: model.id, flow: model.id, prompt: null, head: null, ...settings };
  }
  const task = store.getTask(name);
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
  const version = store.getVersion(name, number);
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
    flow: name,
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
