import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';

/** Bytes of a process's memory: what it holds now and the most that it held. */
export interface Memory {
  readonly rss: number;
  readonly peakRss: number;
}

/** A process with all that it started; null where the system has no /proc, or the process is gone. */
export async function memoryOf(pid: number | undefined): Promise<Memory | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  if (status === null) return null;
  const bytes = (field: string) =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  const others = await Promise.all((await childrenOf(pid)).map(memoryOf));
  return {
    rss: others.reduce((sum, other) => sum + (other?.rss ?? 0), bytes('VmRSS')),
    peakRss: others.reduce((sum, other) => sum + (other?.peakRss ?? 0), bytes('VmHWM')),
  };
}

/** Processes that a process started and that still run; none where the system has no /proc. */
export async function childrenOf(pid: number | undefined): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists
    .flatMap((list) => list.split(' '))
    .filter((child) => child !== '')
    .map(Number);
}

/** Whether processes can be held on processors here (`taskset` of util-linux). */
export const CAN_PIN = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;

/** Starts a program on the first `threads` processors, stdin and stdout piped; stderr is kept for its failure. */
export function spawnPinned(
  threads: number,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const options = {
    stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  };
  const child = CAN_PIN
    ? spawn('taskset', ['--cpu-list', `0-${threads - 1}`, command, ...args], options)
    : spawn(command, args, options);
  const kill = () => child.kill('SIGKILL'); // when the benchmark ends before it stopped the program
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

/** The last `limit` characters that a stream carried, for messages about a failure. */
export function tailOf(stream: NodeJS.ReadableStream | null, limit = 4000): () => string {
  let tail = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    tail = (tail + text).slice(-limit);
  });
  return () => tail.trim();
}

/** Asks a process to end with a signal or by the end of its input, and ends it after `graceMs`. */
export async function stopProcess(
  child: ChildProcess,
  ask: 'SIGTERM' | 'end of input',
  graceMs = 15_000,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (ask === 'SIGTERM') child.kill(ask);
  else child.stdin?.end();
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(force);
}
