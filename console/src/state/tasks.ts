import { signal } from '@preact/signals';
import { taskPages } from '../api/tasks.ts';
import type { Task } from '../api/types.ts';

export interface TaskList {
  readonly tasks: readonly Task[];
  readonly state: 'empty' | 'loading' | 'complete';
  readonly error: unknown;
}

/** The tasks that this key may see, in the order of their names. Pages share it. */
export const taskList = signal<TaskList>({ tasks: [], state: 'empty', error: null });

let running = 0;

/** Reads them anew, page by page; until then what was read before is shown. */
export async function loadTasks(): Promise<void> {
  const run = ++running;
  const before = taskList.value.tasks;
  const read: Task[] = [];
  taskList.value = { tasks: before, state: 'loading', error: null };
  try {
    for await (const page of taskPages()) {
      if (run !== running) return;
      read.push(...page);
      const shown = read.length < before.length ? before : [...read];
      taskList.value = { tasks: shown, state: 'loading', error: null };
    }
    taskList.value = { tasks: read, state: 'complete', error: null };
  } catch (error) {
    if (run === running) taskList.value = { tasks: before, state: 'empty', error };
  }
}

/** Reads them unless that was done. */
export function ensureTasks(): void {
  if (taskList.value.state === 'empty') void loadTasks();
}
