import { execFile } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMIT_MS = 600_000;

/** Runs a program to its end; rejects with the last line that it complained. */
export async function runProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  try {
    await run(command, args, { env: { ...process.env, ...env }, timeout: LIMIT_MS, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const last = stderr.trim().split('\n').at(-1);
    throw new Error(`${command} ${args.slice(0, 3).join(' ')}: ${last || (error as Error).message}`);
  }
}

/** Does the work once a directory: what failed or was interrupted is begun anew. */
export async function once(directory: string, work: (directory: string) => Promise<void>): Promise<string> {
  const marker = join(directory, 'complete');
  if ((await stat(marker).catch(() => null)) !== null) return directory;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await work(directory);
  await writeFile(marker, '');
  return directory;
}

/** A folder with these npm packages, `name@version`. */
export function npmFolder(directory: string, packages: readonly string[]): Promise<string> {
  return once(directory, async () => {
    await writeFile(join(directory, 'package.json'), '{"private": true}\n');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    // Without this onnxruntime-node fetches its CUDA files.
    const env = { ONNXRUNTIME_NODE_INSTALL: 'skip' };
    await runProgram('npm', ['install', '--prefix', directory, ...quiet, ...packages], env);
  });
}

interface PythonOptions {
  /** Does not see what the machine's Python has already. */
  readonly alone?: boolean;
  /** Packages that come along and are taken out again. */
  readonly without?: readonly string[];
}

/** The Python of a virtual environment with these packages. */
export async function pythonWith(
  directory: string,
  packages: readonly string[],
  { alone = false, without = [] }: PythonOptions = {},
): Promise<string> {
  const python = join(directory, 'bin', 'python');
  await once(directory, async () => {
    await runProgram('python3', ['-m', 'venv', ...(alone ? [] : ['--system-site-packages']), directory]);
    await runProgram(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
    if (without.length > 0) await runProgram(python, ['-m', 'pip', 'uninstall', '--yes', ...without]);
  });
  return python;
}
