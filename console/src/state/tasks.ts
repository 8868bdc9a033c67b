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
let readAt = Number.NEGATIVE_INFINITY;

/** Milliseconds for which a list is as good as a new one. */
const FRESH_MS = 3000;

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
    readAt = performance.now();
    taskList.value = { tasks: read, state: 'complete', error: null };
  } catch (error) {
    if (run === running) taskList.value = { tasks: before, state: 'empty', error };
  }
}

/** Reads them for a page that needs them, unless that was just done: other pages, and other people, change them. */
export function ensureTasks(): void {
  const { state } = taskList.value;
  if (state === 'loading' || (state === 'complete' && performance.now() - readAt < FRESH_MS)) return;
  void loadTasks();
}
