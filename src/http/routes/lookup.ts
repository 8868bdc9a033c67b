import { DomainError } from '../../domain/errors.ts';
import type { PromptVersion } from '../../domain/prompt.ts';
import type { Task } from '../../domain/task.ts';
import type { TaskLookups } from '../../domain/visibility.ts';

/** Throws `not_found`. */
export function taskOf(store: Pick<TaskLookups, 'getTask'>, name: string): Task {
  const task = store.getTask(name);
  if (task) return task;
  throw new DomainError('not_found', 'task_not_found', `There is no task "${name}".`, {
    param: 'task',
    given: name,
  });
}

/** Throws `not_found`. */
export function versionOf(store: TaskLookups, task: string, version: number): PromptVersion {
  const found = store.getVersion(taskOf(store, task).name, version);
  if (found) return found;
  throw new DomainError('not_found', 'version_not_found', `Task "${task}" has no version ${version}.`, {
    param: 'version',
    given: version,
  });
}
