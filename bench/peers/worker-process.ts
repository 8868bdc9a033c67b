import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { memoryOf, spawnPinned, stopProcess, tailOf } from '../processes.ts';

/** A peer loads its weights, perhaps exports them, and tries its settings within this time. */
const START_MS = 600_000;
const REQUEST_MS = 180_000;

/** A program that answers one JSON line on stdout to each JSON line on stdin. Its first line says it is ready. */
export class WorkerProcess<Ready> {
  readonly ready: Ready;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #failure: () => string;

  private constructor(
    child: ChildProcess,
    lines: AsyncIterator<string>,
    failure: () => string,
    ready: Ready,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#failure = failure;
    this.ready = ready;
  }

  static async start<Ready>(
    threads: number,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<WorkerProcess<Ready>> {
    const child = spawnPinned(threads, command, args, env);
    const failure = tailOf(child.stderr);
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    failed.catch(() => {}); // also when nobody waits for it any more
    const lines = jsonLines(createInterface({ input: child.stdout! }));
    try {
      const ready = await Promise.race([answer<Ready>(lines, failure, START_MS), failed]);
      return new WorkerProcess(child, lines, failure, ready);
    } catch (error) {
      await stopProcess(child, 'SIGTERM', 3000);
      throw error;
    }
  }

  /** One request at a time. Rejects with what the worker says about its failure. */
  request<Answer>(request: unknown): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return answer<Answer>(this.#lines, this.#failure, REQUEST_MS);
  }

  async peakRss(): Promise<number | null> {
    return (await memoryOf(this.#child.pid))?.peakRss ?? null;
  }

  close(): Promise<void> {
    return stopProcess(this.#child, 'end of input');
  }
}

/** Libraries also write to stdout; only JSON objects are answers. */
async function* jsonLines(lines: Interface): AsyncGenerator<string> {
  for await (const line of lines) if (line.startsWith('{')) yield line;
}

async function answer<T>(lines: AsyncIterator<string>, failure: () => string, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    const next = await Promise.race([lines.next(), late]);
    if (next.done === true) throw new Error(failure().split('\n').at(-1) || 'ended without an answer');
    const value = JSON.parse(next.value) as T & { readonly error?: string };
    if (value.error !== undefined) throw new Error(value.error);
    return value;
  } finally {
    clearTimeout(timer);
  }
}
