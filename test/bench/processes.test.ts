import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { childrenOf, memoryOf } from '../../bench/processes.ts';

test('children of a process are found, and their memory', {
  skip: process.platform !== 'linux',
}, async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  assert.ok((await childrenOf(process.pid)).includes(child.pid!));
  assert.ok((await memoryOf(child.pid))!.peakRss > 0);
  const exited = once(child, 'exit');
  child.stdin.end();
  await exited;
  assert.ok(!(await childrenOf(process.pid)).includes(child.pid!));
  assert.deepEqual(await childrenOf(child.pid), []);
  assert.equal(await memoryOf(child.pid), null);
});
