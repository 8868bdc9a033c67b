import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk that can be made to fail, with the directory on it. */
export interface Disk {
  readonly name: string;
  /** What a refused write is answered with. */
  readonly statuses: readonly number[];
  /** The database goes here. */
  readonly directory: string;
  /** For the service that works on it. */
  readonly env: Readonly<Record<string, string>>;
  fail(): Promise<void>;
  heal(): Promise<void>;
  remove(): Promise<void>;
}

export type Fault = 'ENOSPC' | 'EIO' | 'EROFS';

/**
 * A directory in which the service's own system calls fail with `fault`, by a preloaded library. Null where there is no
 * C compiler, or no preloading.
 */
export async function preloadedFault(workplace: string, fault: Fault): Promise<Disk | null> {
  if (process.platform !== 'linux') return null;
  const library = join(workplace, 'faults.so');
  const source = fileURLToPath(new URL('faults.c', import.meta.url));
  try {
    await run('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  } catch {
    return null;
  }
  const directory = join(workplace, `data-${fault}`);
  const marker = join(workplace, `fault-${fault}`);
  await mkdir(directory);
  return {
    name: `every write fails with ${fault}`,
    statuses: fault === 'ENOSPC' ? [507] : [503],
    directory,
    env: { LD_PRELOAD: library, FAULT_BELOW: directory, FAULT_SWITCH: marker },
    fail: () => writeFile(marker, `${constants.errno[fault]}`),
    heal: () => rm(marker),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** A small file system in memory that is filled up. Null where it cannot be mounted: that takes root. */
export async function smallFileSystem(workplace: string, mebibytes: number): Promise<Disk | null> {
  const directory = join(workplace, 'small');
  await mkdir(directory);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]);
  } catch {
    return null;
  }
  const ballast = join(directory, 'ballast');
  return {
    name: `a file system of ${mebibytes} MiB is full`,
    statuses: [507],
    directory,
    env: {},
    async fail() {
      // Ends with ENOSPC, having taken every page that was left.
      await writeFile(ballast, Buffer.alloc(mebibytes * 2 ** 20)).catch(() => undefined);
    },
    heal: () => rm(ballast),
    async remove() {
      await run('umount', [directory]);
    },
  };
}
