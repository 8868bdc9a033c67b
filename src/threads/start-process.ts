import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ProcessOptions {
  readonly args?: readonly string[];
  /** `pipe`: the caller reads what it writes to stderr; else that goes to the caller's. */
  readonly stderr?: 'pipe';
}

/**
 * Starts a child process on the module `name` beside the module with this `import.meta.url`, from TypeScript source as
 * well as compiled. Messages are cloned as between threads, typed arrays included. Its output is the caller's stderr.
 */
export function startProcess(
  name: string,
  importMetaUrl: string,
  { args = [], stderr }: ProcessOptions = {},
): ChildProcess {
  const fromSource = importMetaUrl.endsWith('.ts');
  const module = new URL(`${name}.${fromSource ? 'ts' : 'js'}`, importMetaUrl);
  return fork(fileURLToPath(module), args, {
    execArgv: fromSource ? ['--import', import.meta.resolve('tsx')] : [],
    serialization: 'advanced',
    // Standard output belongs to the command that runs here; it may be JSON for a script.
    stdio: ['ignore', 2, stderr ?? 2, 'ipc'],
  });
}
