import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { withLock } from '../../src/model/cache-lock.ts';

let directory: string;
let lock: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'softprompt-lock-'));
  lock = join(directory, 'locks', 'model.lock');
});
afterEach(() => rm(directory, { recursive: true }));

const hold = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

describe('a lock', () => {
  it('lets one task run at a time', async () => {
    let inside = 0;
    let most = 0;
    const task = async () => {
      inside++;
      most = Math.max(most, inside);
      await hold(20);
      inside--;
    };
    await Promise.all([withLock(lock, task), withLock(lock, task), withLock(lock, task)]);
    assert.equal(most, 1);
    assert.deepEqual(await readdir(join(directory, 'locks')), []);
  });

  it('is free again after a task that failed', async () => {
    await assert.rejects(
      withLock(lock, async () => {
        throw new Error('broken');
      }),
      /broken/,
    );
    assert.equal(await withLock(lock, async () => 'done'), 'done');
  });

  it('is taken over from a process that has ended', async () => {
    await withLock(lock, async () => {});
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeFile(lock, JSON.stringify({ pid, host: hostname() }));
    assert.equal(await withLock(lock, async () => 'done'), 'done');
  });

  it('is taken over from a holder elsewhere whose heartbeat stopped', async () => {
    await withLock(lock, async () => {});
    await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere' }));
    await utimes(lock, new Date(), new Date(Date.now() - 120_000));
    assert.equal(await withLock(lock, async () => 'done'), 'done');
  });

  it('is waited for while its holder lives, until told to stop', async () => {
    await withLock(lock, async () => {});
    await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere' }));
    let waits = 0;
    await assert.rejects(
      withLock(lock, async () => {}, { signal: AbortSignal.timeout(300), onWait: () => waits++ }),
      { name: 'AbortError' },
    );
    assert.equal(waits, 1);
  });
});
