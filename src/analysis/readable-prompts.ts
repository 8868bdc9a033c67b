import type { NamedVersion } from '../domain/analysis.ts';
import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import { type PromptVersion, promptForm } from '../domain/prompt.ts';
import { parseVersionReference } from '../domain/task.ts';
import type { TaskLookups } from '../domain/visibility.ts';

export const nameOf = ({ task, version }: PromptVersion): NamedVersion => ({
  id: `${task}@${version}`,
  task,
  version,
});

/**
 * The version that `task@version` or `task` (its active one) names.
 * Throws `invalid` invalid_version, `not_found` task_not_found and version_not_found, `conflict` no_active_version.
 */
export function versionNamed(store: TaskLookups, reference: string, param: string): PromptVersion {
  const { name, version } = parseVersionReference(reference, param);
  const task = store.getTask(name);
  if (task === null) {
    throw new DomainError('not_found', 'task_not_found', `There is no task "${name}".`, {
      param,
      given: name,
    });
  }
  const number = version ?? task.activeVersion;
  if (number === null) {
    const message = `Task "${name}" has no active prompt version.`;
    throw new DomainError('conflict', 'no_active_version', message, { param, expected: `${name}@version` });
  }
  const found = store.getVersion(name, number);
  if (found !== null) return found;
  throw new DomainError('not_found', 'version_not_found', `Task "${name}" has no version ${number}.`, {
    param,
    given: number,
  });
}

/** Why the rows of a version cannot be compared with the model's embeddings and with other prompts; null: they can. */
export function obstacle(
  version: PromptVersion,
  model: Pick<ModelInfo, 'hash'>,
  param: string,
): DomainError | null {
  const { id } = nameOf(version);
  if (promptForm(version.peftType) !== 'rows') {
    const message = `${id} is of ${version.peftType}: it holds keys and values, no rows of the embedding space.`;
    return new DomainError('unprocessable', 'no_embedding_rows', message, {
      param,
      expected: 'a prompt of virtual token embeddings',
      given: version.peftType,
    });
  }
  if (version.modelHash === model.hash) return null;
  return new DomainError('conflict', 'model_mismatch', `${id} was made for another model.`, {
    param,
    expected: model.hash,
    given: version.modelHash,
  });
}

/** Throws {@link obstacle}. */
export function assertReadable(version: PromptVersion, model: Pick<ModelInfo, 'hash'>, param: string): void {
  const error = obstacle(version, model, param);
  if (error !== null) throw error;
}
