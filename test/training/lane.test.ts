import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TrainingJob } from '../../src/domain/training.ts';
import { Lane } from '../../src/training/jobs/lane.ts';

const job = (id: string) => ({ id }) as TrainingJob;

it('takes the jobs one after the other, those that come meanwhile too', async () => {
  const queue = [job('a'), job('b')];
  const done: string[] = [];
  let running = 0;
  const lane: Lane = new Lane({
    next: async () => queue[0] ?? null,
    async perform({ id }) {
      assert.equal(++running, 1, 'one at a time');
      await new Promise(setImmediate);
      running--;
      queue.shift();
      done.push(id);
      if (id === 'b') {
        queue.push(job('c'));
        lane.kick();
      }
    },
    onFailure: assert.fail,
  });
  lane.kick();
  lane.kick();
  while (done.length < 3) await new Promise(setImmediate);
  await lane.close();
  assert.deepEqual(done, ['a', 'b', 'c']);
});

it('tries a job again after a fault of the service, and says so', async () => {
  const failures: unknown[] = [];
  const queue = [job('a')];
  let attempts = 0;
  const done = new Promise<void>((resolve) => {
    const lane = new Lane({
      next: async () => queue[0] ?? null,
      async perform() {
        if (++attempts === 1) throw new Error('no disk');
        queue.shift();
        resolve();
      },
      onFailure: (error, failed) => failures.push([(error as Error).message, failed?.id]),
    });
    lane.kick();
  });
  await done;
  assert.deepEqual(failures, [['no disk', 'a']]);
});

it('closes without waiting for the pause after a fault, and takes no more', async () => {
  let attempts = 0;
  const lane = new Lane({
    next: async () => job('a'),
    async perform() {
      attempts++;
      throw new Error('no disk');
    },
    onFailure: () => undefined,
  });
  lane.kick();
  await new Promise(setImmediate);
  const started = Date.now();
  await lane.close();
  lane.kick();
  assert.equal(attempts, 1);
  assert.ok(Date.now() - started < 400);
});
