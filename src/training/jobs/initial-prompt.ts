import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import type { PromptVersion } from '../../domain/prompt.ts';
import { parseVersionReference } from '../../domain/task.ts';
import type { LearnedType } from '../../domain/training.ts';
import type { TaskLookups } from '../../domain/visibility.ts';

/**
 * The version that `init_from` names, or null. Throws `not_found` version_not_found, `unprocessable` model_mismatch, and
 * init_from_prefix where rows are learned: those cannot be found from keys and values, while these follow from rows.
 */
export function initialPromptOf(
  tasks: TaskLookups,
  from: string | null,
  peftType: LearnedType,
  model: ModelInfo,
): PromptVersion | null {
  if (from === null) return null;
  const { name, version: asked } = parseVersionReference(from);
  const number = asked ?? tasks.getTask(name)?.activeVersion ?? null;
  const version = number === null ? null : tasks.getVersion(name, number);
  if (version?.peftType === 'PREFIX_TUNING' && peftType !== 'PREFIX_TUNING') {
    const message = `${from} is of PREFIX_TUNING: it has no rows to start from.`;
    throw new DomainError('unprocessable', 'init_from_prefix', message, {
      param: 'init_from',
      expected: 'a prompt of rows',
      given: version.peftType,
    });
  }
  if (version !== null && version.modelHash === model.hash) return version;
  throw new DomainError(
    version === null ? 'not_found' : 'unprocessable',
    version === null ? 'version_not_found' : 'model_mismatch',
    version === null ? `There is no prompt ${from}.` : `${from} was made for another model.`,
    { param: 'init_from', expected: 'task or task@version of this model', given: from },
  );
}
