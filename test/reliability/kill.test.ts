import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killRepeatedly } from '../../reliability/kill/cycle.ts';
import { createWorkplace } from '../../reliability/support/service-process.ts';

test('kill -9 during uploads, activations and jobs loses nothing that was acknowledged', async (t) => {
  const workplace = await createWorkplace();
  t.after(() => workplace.remove());
  const result = await killRepeatedly(workplace, { kills: 1, seed: 7, writers: 2, life: [300, 900] });
  assert.deepEqual(result.problems, []);
  assert.equal(result.unfinishedJobs, 0, 'the jobs went on and ended');
  assert.ok(result.acknowledged > 0, 'something was written');
  assert.ok(result.jobs > 0, 'a job was created');
});
