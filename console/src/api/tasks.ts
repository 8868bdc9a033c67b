import { request } from './http.ts';
import type { Page, Task } from './types.ts';

/** The largest page that the server gives. */
const PAGE = 100;

export const taskPath = (task: string, ...more: readonly (string | number)[]): string =>
  ['v1/tasks', task, ...more].map((part, i) => (i === 0 ? part : encodeURIComponent(part))).join('/');

/** All tasks, page by page. */
export async function* taskPages(signal?: AbortSignal): AsyncGenerator<readonly Task[]> {
  let after: string | null = null;
  do {
    const page: Page<Task> = await request('GET', 'v1/tasks', {
      query: { limit: PAGE, after },
      ...(signal && { signal }),
    });
    yield page.data;
    after = page.next;
  } while (after !== null);
}

export const getTask = (task: string, signal?: AbortSignal): Promise<Task> =>
  request('GET', taskPath(task), signal ? { signal } : {});

/** A task as it is now, or null where there is none: from the list, as a browser reports each 404 as an error. */
export async function findTask(name: string): Promise<Task | null> {
  for await (const tasks of taskPages()) {
    const task = tasks.find((one) => one.name === name);
    if (task !== undefined) return task;
  }
  return null;
}

export interface TaskMetadata {
  readonly description: string | null;
  readonly template: string | null;
  readonly labels: readonly string[] | null;
  readonly defaults?: object | null;
}

export const putTask = (task: string, json: TaskMetadata): Promise<Task> =>
  request('PUT', taskPath(task), { json });

export const deleteTask = (task: string): Promise<void> => request('DELETE', taskPath(task));
