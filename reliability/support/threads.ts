import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A thread of the service that runs JavaScript. */
export interface ThreadFigures {
  /** The module that it runs: `main` answers HTTP, `worker` is the engine, `writer` the store's. */
  readonly name: string;
  /** Its id in the system. */
  readonly task: number;
  /** What V8 has taken for its objects, and the part in use, with garbage that has not been collected. */
  readonly heapBytes: number;
  readonly usedBytes: number;
  /** Outside of the heap, held by objects in it. */
  readonly externalBytes: number;
}

/** What a service process needs in its environment, so that {@link readThreads} finds its threads in `folder`. */
export const figuresEnvironment = (folder: string): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import ${fileURLToPath(new URL('thread-figures.mjs', import.meta.url))}`,
  THREAD_FIGURES: folder,
});

/** Of one process, as each thread wrote at most a second ago, those that have ended included. */
export async function readThreads(folder: string, pid: number): Promise<readonly ThreadFigures[]> {
  const all = await readdir(folder);
  const files = all.filter((file) => file.startsWith(`${pid}-`) && file.endsWith('.json'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.map((text) => JSON.parse(text) as ThreadFigures);
}

/** Clock ticks in a second, on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds of processor time that a process has used, or one thread of it; children are not counted. */
export async function processorSeconds(pid: number, task?: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}${task === undefined ? '' : `/task/${task}`}/stat`, 'utf8');
  // The name, in brackets, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
