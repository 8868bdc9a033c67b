import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { isProcessAlive } from './process-alive.ts';

/** Imports of this process that are under way: their directories carry its id and are not left over. */
const active = new Set<string>();

/**
 * Lets `fill` write into a temporary directory beside `target` and then puts that in the target's place at
 * once: the target never exists half. What killed imports of the same target left is removed first.
 * Throws `conflict` target_exists when something stands there.
 */
export async function createAtomically<T>(
  target: string,
  fill: (directory: string) => Promise<T>,
): Promise<T> {
  const parent = dirname(resolve(target));
  const prefix = `.${basename(target)}.importing-`;
  await mkdir(parent, { recursive: true });
  await refuseExisting(parent, target);
  await removeLeftovers(parent, prefix);
  const directory = join(parent, `${prefix}${process.pid}-${randomUUID()}`);
  active.add(directory);
  try {
    await mkdir(directory);
    const result = await fill(directory);
    await syncDirectory(directory);
    // Fails when a directory with content has come to stand there in the meantime.
    await rename(directory, target);
    await syncDirectory(parent);
    return result;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  } finally {
    active.delete(directory);
  }
}

/** Throws `storage_full` disk_full unless the disk of `directory` has so many bytes left for this user. */
export async function assertFreeSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free < bytes) {
    throw new DomainError(
      'storage_full',
      'disk_full',
      `The bundle takes about ${bytes} bytes, the disk of ${directory} has ${free} left.`,
      { param: directory, expected: bytes, given: free },
    );
  }
}

async function refuseExisting(parent: string, target: string): Promise<void> {
  if ((await readdir(parent)).includes(basename(target))) {
    throw new DomainError('conflict', 'target_exists', `${target} exists already.`, {
      param: 'target',
      given: target,
    });
  }
}

async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const directory = join(parent, name);
    if (!name.startsWith(prefix) || active.has(directory)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (pid !== process.pid && isProcessAlive(pid)) continue;
    await rm(directory, { recursive: true, force: true });
  }
}

/** Makes the entries of a directory durable. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
