import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What every run of a benchmark has. */
export interface RunFrame {
  /** A folder that is gone after the run. */
  readonly directory: string;
  /** Seconds since the start. */
  seconds(): number;
  /** To stderr, with the seconds. */
  log(message: string): void;
}

/** From now on no end of this process, an interrupt either, leaves the folder or a child process behind. */
export async function startRun(): Promise<RunFrame> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  process.setMaxListeners(0); // one a child process, so that none outlives this one
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  const log = (message: string) => console.error(`${seconds().toFixed(0).padStart(5)} s  ${message}`);
  return { directory, seconds, log };
}

/** Options of one machine, which a reader would not repeat. */
const LOCAL_OPTIONS: ReadonlySet<string> = new Set(['--json', '--out', '--python']);

/** The command as a reader would repeat it: without where its output went. */
export function commandOf(script: string, args: readonly string[]): string {
  const shown = args.filter((arg, i) => !LOCAL_OPTIONS.has(arg) && !LOCAL_OPTIONS.has(args[i - 1] ?? ''));
  return [`npm run ${script}`, ...(shown.length > 0 ? ['--', ...shown] : [])].join(' ');
}
