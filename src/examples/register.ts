import { isDeepStrictEqual } from 'node:util';
import type { PromptPublisher, PromptUpload } from '../domain/publishing.ts';
import type { TaskStore } from '../domain/store.ts';
import type { Task, TaskMetadata } from '../domain/task.ts';

/** A task that an empty store starts with. */
export interface Example {
  readonly task: string;
  readonly metadata: TaskMetadata;
  /** Reads or makes the prompt; asked for only when it is registered. */
  prompt(): Promise<PromptUpload>;
}

/**
 * Registers the example tasks in an empty store, each with a prompt of its own, through the same door as an
 * upload. A start that was killed in between is completed by the next one; what a user deleted or changed
 * stays so. Resolves with true when something was registered.
 */
export async function registerExamples(
  examples: readonly Example[],
  store: TaskStore,
  publisher: PromptPublisher,
): Promise<boolean> {
  const isUnfinished = (task: Task | null): boolean => isUnfinishedOneOf(examples, task);
  // First all tasks, then their prompts: as long as no task has a prompt, no user has been served.
  if (store.listTasks({ limit: examples.length + 1 }).items.every(isUnfinished)) {
    for (const { task, metadata } of examples) await store.putTask(task, metadata);
  }
  // A prompt that was active cannot be deleted without its task, so one that is missing never was.
  const missing = examples.filter(({ task }) => isUnfinished(store.getTask(task)));
  for (const { task, prompt } of missing) await publisher.publish(task, await prompt(), { activate: true });
  return missing.length > 0;
}

/** An example's task as it was put, without a prompt. */
function isUnfinishedOneOf(examples: readonly Example[], task: Task | null): boolean {
  const example = examples.find((it) => it.task === task?.name);
  if (task === null || example === undefined || task.activeVersion !== null) return false;
  const { description, template, labels, defaults } = task;
  return isDeepStrictEqual({ description, template, labels, defaults }, example.metadata);
}
