import { answering } from '../thread-share.ts';
import { PageItems } from './page.ts';
import type { Principal } from './principal.ts';
import type { Page, TaskName, TaskStore } from './store.ts';
import { parseVersionReference, type Task } from './task.ts';
import { jobTasks, type TrainingFile, type TrainingJob } from './training.ts';
import { type PageOptions, type TrainingStore, unknownCursor } from './training-store.ts';

export type TaskLookups = Pick<TaskStore, 'getTask' | 'getVersion'>;
export type TaskReads = TaskLookups &
  Pick<TaskStore, 'listTasks' | 'listTaskNames' | 'countTasks' | 'listVersions'>;
export type FileReads = Pick<TrainingStore, 'getFile' | 'listFiles'>;
export type JobReads = Pick<TrainingStore, 'getJob' | 'listJobs'>;

/** Items of one read while those are looked for that a caller may see; others have their turns between two. */
const READ_SIZE = 100;
const READ_NAMES = 1000;

/** Lists that can be long to find. */
export interface VisibleTasks extends TaskLookups, Pick<TaskStore, 'listVersions'> {
  listTasks(options: PageOptions): Promise<Page<Task>>;
  /** All of them, in order. */
  names(): AsyncIterable<readonly TaskName[]>;
  count(): Promise<number>;
}
export interface VisibleFiles extends Pick<FileReads, 'getFile'> {
  listFiles(options: PageOptions): Promise<Page<TrainingFile>>;
}
export interface VisibleJobs extends Pick<JobReads, 'getJob'> {
  listJobs(options: PageOptions): Promise<Page<TrainingJob>>;
}

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
export function visibleTasks(store: TaskReads, principal: Principal): VisibleTasks {
  async function* names(after = ''): AsyncGenerator<readonly TaskName[]> {
    for (let last: string | undefined = after; last !== undefined; ) {
      if (answering.isOver()) await answering.next();
      const read = store.listTaskNames(last, READ_NAMES);
      last = read.length === READ_NAMES ? read.at(-1)!.name : undefined;
      yield principal.isLimited ? read.filter(({ name }) => principal.allowsTask(name)) : read;
    }
  }
  const all = { ...visibleLookups(store, principal), names: () => names() };
  if (!principal.isLimited) {
    return {
      ...all,
      listTasks: async (options) => store.listTasks(options),
      listVersions: (task, options) => store.listVersions(task, options),
      count: async () => store.countTasks(),
    };
  }
  return {
    ...all,
    async listTasks({ limit, after }) {
      const page = new PageItems<Task>(limit);
      for await (const some of names(after)) {
        for (const { name } of some) {
          const task = store.getTask(name);
          if (task !== null && !page.add(task, charactersOf(task))) {
            return { items: page.items, next: page.items.at(-1)!.name };
          }
        }
      }
      return { items: page.items, next: null };
    },
    listVersions: (task, options) =>
      principal.allowsTask(task) ? store.listVersions(task, options) : { items: [], next: null },
    async count() {
      let count = 0;
      for await (const some of names()) count += some.length;
      return count;
    },
  };
}

/** The files as they are for a caller: a limited key has its own. */
export function visibleFiles(store: FileReads, principal: Principal): VisibleFiles {
  if (!principal.isLimited) {
    return { getFile: (id) => store.getFile(id), listFiles: async (options) => store.listFiles(options) };
  }
  const owns = ({ owner }: TrainingFile) => owner !== null && owner === principal.name;
  return {
    getFile: (id) => only(store.getFile(id), owns),
    async listFiles(options) {
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
export function visibleJobs(store: JobReads, principal: Principal): VisibleJobs {
  if (!principal.isLimited) {
    return { getJob: (id) => store.getJob(id), listJobs: async (options) => store.listJobs(options) };
  }
  const sees = (job: TrainingJob) => tasksNamedBy(job).every((task) => principal.allowsTask(task));
  return {
    getJob: (id) => only(store.getJob(id), sees),
    async listJobs(options) {
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
async function visiblePage<T extends object>(
  read: (options: PageOptions) => Page<T>,
  { limit, after }: PageOptions,
  sees: (item: T) => boolean,
  cursor: (item: T) => string,
): Promise<Page<T>> {
  const page = new PageItems<T>(limit);
  for (let from = after; ; ) {
    if (answering.isOver()) await answering.next();
    const { items, next } = read({ limit: READ_SIZE, ...(from !== undefined && { after: from }) });
    for (const item of items) {
      if (sees(item) && !page.add(item, charactersOf(item))) {
        return { items: page.items, next: cursor(page.items.at(-1)!) };
      }
    }
    if (next === null) return { items: page.items, next: null };
    from = next;
  }
}

/** Of the texts in an item, wherever they are. */
function charactersOf(item: object): number {
  let sum = 0;
  for (const value of Object.values(item)) {
    if (typeof value === 'string') sum += value.length;
    else if (typeof value === 'object' && value !== null) sum += charactersOf(value);
  }
  return sum;
}
