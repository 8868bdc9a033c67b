import type { Principal } from './principal.ts';
import type { Page, TaskStore } from './store.ts';
import { parseVersionReference } from './task.ts';
import {
  jobTasks,
  type PageOptions,
  type TrainingFile,
  type TrainingJob,
  type TrainingStore,
  unknownCursor,
} from './training.ts';

export type TaskLookups = Pick<TaskStore, 'getTask' | 'getVersion'>;
export type TaskReads = TaskLookups & Pick<TaskStore, 'listTasks' | 'countTasks' | 'listVersions'>;
export type FileReads = Pick<TrainingStore, 'getFile' | 'listFiles'>;
export type JobReads = Pick<TrainingStore, 'getJob' | 'listJobs'>;

/** Items of one read while those are looked for that a caller may see. */
const READ_SIZE = 500;

/**
 * The tasks as they are for a caller: outside of its grant there are none, so what is built on this answers for them as
 * for tasks that do not exist.
 */
export function visibleLookups(store: TaskLookups, principal: Principal): TaskLookups {
  if (!principal.isLimited) return store;
  return {
    getTask: (name) => (principal.allowsTask(name) ? store.getTask(name) : null),
    getVersion: (task, version) => (principal.allowsTask(task) ? store.getVersion(task, version) : null),
  };
}

/** The same with lists. */
export function visibleTasks(store: TaskReads, principal: Principal): TaskReads {
  if (!principal.isLimited) return store;
  const allows = ({ name }: { readonly name: string }) => principal.allowsTask(name);
  const listTasks: TaskReads['listTasks'] = (options) =>
    visiblePage(
      (page) => store.listTasks(page),
      options,
      allows,
      ({ name }) => name,
    );
  return {
    ...visibleLookups(store, principal),
    listTasks,
    listVersions: (task, options) =>
      principal.allowsTask(task) ? store.listVersions(task, options) : { items: [], next: null },
    countTasks: () => listTasks({ limit: Number.MAX_SAFE_INTEGER }).items.length,
  };
}

/** The files as they are for a caller: a limited key has its own. */
export function visibleFiles(store: FileReads, principal: Principal): FileReads {
  if (!principal.isLimited) return store;
  const owns = ({ owner }: TrainingFile) => owner !== null && owner === principal.name;
  return {
    getFile: (id) => only(store.getFile(id), owns),
    listFiles(options) {
      if (options.after !== undefined && !only(store.getFile(options.after), owns))
        unknownCursor(options.after);
      return visiblePage(
        (page) => store.listFiles(page),
        options,
        owns,
        ({ id }) => id,
      );
    },
  };
}

/** The jobs as they are for a caller: a limited key has those that name none but its tasks. */
export function visibleJobs(store: JobReads, principal: Principal): JobReads {
  if (!principal.isLimited) return store;
  const sees = (job: TrainingJob) => tasksNamedBy(job).every((task) => principal.allowsTask(task));
  return {
    getJob: (id) => only(store.getJob(id), sees),
    listJobs(options) {
      if (options.after !== undefined && !only(store.getJob(options.after), sees))
        unknownCursor(options.after);
      return visiblePage(
        (page) => store.listJobs(page),
        options,
        sees,
        ({ id }) => id,
      );
    },
  };
}

/** The tasks that a job learns, and the one whose prompt it starts from. */
function tasksNamedBy({ spec }: TrainingJob): readonly string[] {
  const own = jobTasks(spec).map(({ task }) => task);
  const { init_from: from } = spec.hyperparameters;
  // Of a multitask job it is another job's id.
  return from === null || spec.sourceJob !== null ? own : [...own, parseVersionReference(from).name];
}

const only = <T>(item: T | null, sees: (item: T) => boolean): T | null =>
  item !== null && sees(item) ? item : null;

/** Reads on until the page is full of what may be seen; its cursor then names one of these. */
function visiblePage<T>(
  read: (options: PageOptions) => Page<T>,
  { limit, after }: PageOptions,
  sees: (item: T) => boolean,
  cursor: (item: T) => string,
): Page<T> {
  const items: T[] = [];
  for (let from = after; ; ) {
    const page = read({ limit: READ_SIZE, ...(from !== undefined && { after: from }) });
    for (const item of page.items) {
      if (!sees(item)) continue;
      if (items.length === limit) return { items, next: cursor(items.at(-1)!) };
      items.push(item);
    }
    if (page.next === null) return { items, next: null };
    from = page.next;
  }
}
