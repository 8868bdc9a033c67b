import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preloadedFault } from '../../reliability/disk/faults.ts';
import { meetFault } from '../../reliability/disk/scenario.ts';
import { createWorkplace } from '../../reliability/support/service-process.ts';

test('a disk that fails refuses writes, leaves inference alone and loses nothing', async (t) => {
  const workplace = await createWorkplace();
  t.after(() => workplace.remove());
  const disk = await preloadedFault(workplace.directory, 'EIO');
  if (disk === null) return t.skip('no C compiler here');
  const result = await meetFault(workplace.model, disk, 1);
  assert.deepEqual(result.wrong, []);
  assert.deepEqual(result.problems, []);
  assert.equal(result.refused, 6);
  assert.ok(result.inferred > 0, 'the model answered meanwhile');
  assert.equal(result.differing, 0);
  assert.notEqual(result.recoveryMs, null, 'writes succeed again without a restart');
});
