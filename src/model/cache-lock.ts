import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from './process-alive.ts';

const HEARTBEAT_MS = 2_000;
/** A holder that has not touched its lock for so long is gone, wherever it ran. */
const STALE_MS = 60_000;
const POLL_MS = 200;

/**
 * Runs `task` while no other process on this cache holds the same lock file. The lock only spares work: should
 * two processes take over a dead holder's lock at once, hashes and atomic renames still keep the cache right.
 */
export async function withLock<T>(
  path: string,
  task: () => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: (() => void) | undefined } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  while (!(await tryLock(path))) {
    if (await isAbandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) options.onWait?.();
    told = true;
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A lock that someone removed by hand needs no heartbeat.
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  try {
    return await task();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** True when the holder has ended: its process is gone, or (another host, a reused pid) its heartbeat stopped. */
async function isAbandoned(path: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > STALE_MS) return true;
    const holder = JSON.parse(await readFile(path, 'utf8')) as {
      readonly pid: number;
      readonly host: string;
    };
    return holder.host === hostname() && !isProcessAlive(holder.pid);
  } catch {
    // Released in between, or created but not written yet: the next try tells.
    return false;
  }
}
