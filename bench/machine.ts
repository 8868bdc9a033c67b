import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, type as osType, release, totalmem } from 'node:os';
import { CAN_PIN } from './processes.ts';

/** Where and on what a run was made. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly processors: number;
  readonly threads: number;
  readonly pinned: boolean;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
}

export function describeMachine(threads: number): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    cpu: cpus()[0]?.model.trim() ?? 'an unknown processor',
    processors: availableParallelism(),
    threads,
    pinned: CAN_PIN,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${osType()} ${release()}`,
    node: process.versions.node,
  };
}

/** Marked when the work tree differs from it. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', 'src', 'package.json') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
